"""Storage quotas: counted once for each owner, checked before bytes and again at landing."""

import dataclasses
import hashlib
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from fixtures.accounts import made
from fixtures.buckets import bucket_of, filled
from fixtures.contents import changed, created, texts, uploaded
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.large_files import calling, spool, working_as
from fixtures.organizations import organization, today
from strata.accounts.naming import names
from strata.accounts.plans import grants
from strata.accounts.plans.quotas import quotas_of
from strata.accounts.plans.rates import Bucket
from strata.app.hub import JOBS
from strata.blobs.inventory import holdings as inventory
from strata.blobs.keep import keep, share
from strata.blobs.lfs.negotiate import Refused, Wanted, for_upload
from strata.blobs.quota.listening import settle
from strata.blobs.quota.room import require_room_for_sizes, warning
from strata.blobs.quota.usage import counted, misnoted, recount, usage_of
from strata.community.pulls.propose import propose
from strata.content import refs
from strata.content.fitting import settle_files
from strata.content.making.duplicate import Place, duplicate
from strata.content.rewriting.counting import CountSmall, follow_refs
from strata.content.rewriting.squash import super_squash
from strata.content.writing.operations import Add, Change, Delete
from strata.content.writing.preupload import Planned, preupload
from strata.core.actor import SYSTEM, Actor
from strata.core.call import reading, working
from strata.core.errors import Malformed, OverQuota, TooLarge, Unprocessable
from strata.core.hub import Hub
from strata.core.names import Oid, RepoId, RepoType
from strata.events import outbox
from strata.events.jobs import run_due
from strata.events.tables import facts
from strata.lib.git import read as git
from strata.repos.change import Settings, change_settings, delete, move
from strata.repos.record import Repo

SIZE = 1_000
TOTAL = 3_500


@pytest.fixture
def hub(tmp_path: Path, clock: FrozenClock, database_url: str | None) -> Iterator[Hub]:
    built = build_test_hub(
        tmp_path / "data",
        clock=clock,
        database_url=database_url,
        **{
            "quotas.public_bytes": TOTAL,
            "quotas.private_bytes": SIZE + 1,
            "quotas.file_bytes": 2_000,
        },
    )
    yield built
    built.database.close()


def content_of(number: int, size: int = SIZE) -> bytes:
    return hashlib.sha512(str(number).encode()).digest()[:1] * (size - 8) + f"{number:8}".encode()


def give(hub: Hub, actor: Actor, repo: Repo, content: bytes) -> Oid:
    with calling(hub, actor) as call:
        return keep(call, repo, spool(hub, content)).oid


def used(hub: Hub, actor: Actor, *, private: bool = False) -> int:
    assert actor.user_id is not None
    with reading(hub) as call:
        return usage_of(call, actor.user_id).storage(private=private)


def run_counts(hub: Hub, actor: Actor) -> None:
    assert actor.user_id is not None
    with reading(hub) as call, working(call) as work:
        recount(work, actor.user_id)


def test_what_is_uploaded_counts_once_and_no_more_than_fits(hub: Hub) -> None:
    ana = made(hub, "ana")
    one, two = created(hub, ana, "one"), created(hub, ana, "two")
    for number in range(3):
        give(hub, ana, one, content_of(number))
        give(hub, ana, two, content_of(number))  # the same bytes in another repo cost nothing
    assert used(hub, ana) == 3 * SIZE
    with pytest.raises(OverQuota, match=r"1000 B but only 500 B is left of 3.4 KiB of public"):
        give(hub, ana, two, content_of(3))
    assert used(hub, ana) == 3 * SIZE
    give(hub, ana, two, content_of(4, 500))
    assert used(hub, ana) == TOTAL


def test_private_and_public_are_counted_apart(hub: Hub) -> None:
    ana = made(hub, "ana")
    hidden = created(hub, ana, "hidden", private=True)
    give(hub, ana, hidden, content_of(0))
    assert (used(hub, ana, private=True), used(hub, ana)) == (SIZE, 0)
    with pytest.raises(OverQuota, match="of private storage of ana"):
        give(hub, ana, hidden, content_of(1))


def test_two_uploads_at_once_do_not_pass_together(hub: Hub) -> None:
    ana = made(hub, "ana")
    repos = [created(hub, ana, f"repo-{number}") for number in range(6)]

    def upload(number: int) -> bool:
        try:
            give(hub, ana, repos[number], content_of(number))
        except OverQuota:
            return False
        return True

    with ThreadPoolExecutor(6) as threads:
        passed = list(threads.map(upload, range(6)))
    assert sum(passed) == TOTAL // SIZE
    assert used(hub, ana) == 3 * SIZE


def test_the_batch_refuses_before_any_byte_and_knows_what_is_there(hub: Hub) -> None:
    ana = made(hub, "ana")
    one, two = created(hub, ana, "one"), created(hub, ana, "two")
    there = [give(hub, ana, one, content_of(number)) for number in range(3)]
    fresh = Oid("0" * 64)
    with calling(hub, ana) as call:
        with pytest.raises(OverQuota, match="500 B is left"):
            for_upload(call, two, [Wanted(fresh, SIZE)])
        assert len(for_upload(call, two, [Wanted(oid, SIZE) for oid in there])) == 3
        assert len(for_upload(call, two, [Wanted(fresh, 500)])) == 1
        # What is only known by size may be what is there already.
        require_room_for_sizes(call, two, [SIZE, SIZE, SIZE])
        with pytest.raises(OverQuota):
            require_room_for_sizes(call, two, [SIZE + 1])


def test_a_copy_of_what_others_have_counts_for_who_gets_it(hub: Hub) -> None:
    ana, bob = made(hub, "ana"), made(hub, "bob")
    source, target = created(hub, ana, "source"), created(hub, bob, "target")
    oids = [give(hub, ana, source, content_of(number)) for number in range(3)]
    give(hub, bob, target, content_of(9))
    with pytest.raises(OverQuota), working_as(hub, bob) as work:
        share(work, source, target, oids)
    with working_as(hub, bob) as work:
        share(work, source, target, oids[:2])
    assert used(hub, bob) == 3 * SIZE


def test_space_comes_back_with_what_is_given_up_and_deleted(hub: Hub) -> None:
    ana = made(hub, "ana")
    one, two = created(hub, ana, "one"), created(hub, ana, "two")
    first, shared = (give(hub, ana, one, content_of(number)) for number in range(2))
    give(hub, ana, two, content_of(1))
    with working_as(hub, ana) as work:
        inventory.give_up(work, one, [first, shared])
    run_counts(hub, ana)
    assert used(hub, ana) == SIZE  # the other repo still has the second
    with working_as(hub, ana) as work:
        delete(work, two.repo_id)
    run_counts(hub, ana)
    assert used(hub, ana) == 0


def test_what_is_noted_can_be_checked_against_the_truth(hub: Hub) -> None:
    ana = made(hub, "ana")
    one = created(hub, ana, "one")
    oid = give(hub, ana, one, content_of(0))
    with reading(hub) as call:
        assert list(misnoted(call)) == []
    with working_as(hub, ana) as work:
        inventory.give_up(work, one, [oid])  # counted again by the job only
    with reading(hub) as call:
        (finding,) = misnoted(call)
        assert "0 bytes, not 1000" in finding.problem
    run_counts(hub, ana)
    with reading(hub) as call:
        assert list(misnoted(call)) == []


def test_a_repo_does_not_slip_past_the_quota_by_its_visibility(hub: Hub) -> None:
    ana = made(hub, "ana")
    one = created(hub, ana, "one")
    for number in range(2):
        give(hub, ana, one, content_of(number))
    listening = _listening(hub)
    with pytest.raises(OverQuota, match="private storage"), working_as(listening, ana) as work:
        change_settings(work, one.repo_id, Settings(private=True))
    assert used(hub, ana) == 2 * SIZE
    small = created(hub, ana, "small")
    give(hub, ana, small, content_of(8, 500))
    with working_as(listening, ana) as work:
        change_settings(work, small.repo_id, Settings(private=True))
    assert (used(hub, ana, private=True), used(hub, ana)) == (500, 2 * SIZE)


def test_a_repo_moves_only_to_where_there_is_room(hub: Hub) -> None:
    ana = made(hub, "ana")
    acme = organization(hub, "ana")
    ana = today(hub, ana)
    one, two = created(hub, ana, "one"), created(hub, ana, "two")
    for number in range(2):
        give(hub, ana, one, content_of(number))
    give(hub, ana, two, content_of(5))
    listening = _listening(hub)
    with reading(hub) as call, working(call) as work:
        owner = names.Namespace(acme.id, "acme", names.Kind.ORGANIZATION)
        grants.override(work, owner, "public_bytes", 2_500, None)
    target = RepoId(RepoType.MODEL, "acme", "one")
    with working_as(listening, ana) as work:
        move(work, one.repo_id, target)
    with pytest.raises(OverQuota), working_as(listening, ana) as work:
        move(work, two.repo_id, RepoId(RepoType.MODEL, "acme", "two"))
    with reading(hub) as call:
        assert counted(call, acme.id)[False] == 2 * SIZE
    run_counts(hub, ana)
    assert used(hub, ana) == SIZE


def test_an_expired_plan_lets_read_and_takes_nothing_away(hub: Hub, clock: FrozenClock) -> None:
    ana = made(hub, "ana")
    one = created(hub, ana, "one")
    assert ana.user_id is not None
    place = names.Namespace(ana.user_id, "ana", names.Kind.USER)
    with reading(hub) as call, working(call) as work:
        grants.make(work, "Pro", {"public_bytes": 10_000, "api": 2_500})
        grants.assign(work, place, "Pro", clock() + timedelta(days=30))
    oids = [give(hub, ana, one, content_of(number)) for number in range(5)]
    with reading(hub) as call:
        assert grants.special_rates(call)[ana.user_id][Bucket.API] == 2_500
    clock.advance(timedelta(days=31))
    with reading(hub) as call:
        assert quotas_of(call, ana.user_id).public_bytes == TOTAL
        assert grants.special_rates(call) == {}
        assert inventory.total(call, one).files == 5
    with pytest.raises(OverQuota, match="only 0 B is left"):
        give(hub, ana, one, content_of(7, 10))
    assert give(hub, ana, one, content_of(0)) == oids[0]  # what is there may come again


def test_plans_and_overrides_are_checked(hub: Hub) -> None:
    with reading(hub) as call, working(call) as work:
        for name, quotas in (("", {}), ("free", {}), ("Pro", {"typo": 1}), ("Pro", {"api": -1})):
            with pytest.raises(Malformed):
                grants.make(work, name, quotas)
        with pytest.raises(Exception, match="no plan named"):
            grants.assign(work, names.Namespace(1, "x", names.Kind.USER), "Missing", None)


def test_those_who_answer_for_it_hear_of_each_step_once(hub: Hub) -> None:
    ana = made(hub, "ana")
    one = created(hub, ana, "one")
    for number in range(2):
        give(hub, ana, one, content_of(number))
    assert _subjects(hub) == []
    give(hub, ana, one, content_of(2))
    assert _subjects(hub) == ["ana: 80% of public storage used"]
    give(hub, ana, one, content_of(3, 400))
    give(hub, ana, one, content_of(4, 20))
    assert _subjects(hub)[0] == "ana: 95% of public storage used"
    with reading(hub, SYSTEM) as call:
        assert "ana has used 3.3 KiB of 3.4 KiB of public storage" in warning(call, one)
    for _ in range(3):
        with pytest.raises(OverQuota):
            give(hub, ana, one, content_of(5))
    assert len(_subjects(hub)) == 3
    assert "100%" in _subjects(hub)[0]


def test_a_refusal_is_recorded_though_it_is_known_to_be_full_and_with_more_room_steps_count_anew(
    hub: Hub,
) -> None:
    hub, ana = _listening(hub), made(hub, "ana")
    one = created(hub, ana, "one")
    for number, size in enumerate((1000, 1000, 1000, TOTAL - 3000)):
        give(hub, ana, one, content_of(number, size))
    assert "100%" in _subjects(hub)[0]
    for _ in range(3):
        with pytest.raises(OverQuota):
            give(hub, ana, one, content_of(5))
    assert _told(hub) == ["quota.reached", "quota.reached", "quota.exceeded"]

    place = names.Namespace(ana.user_id or 0, "ana", names.Kind.USER)
    with reading(hub) as call, working(call) as work:
        grants.override(work, place, "public_bytes", 2 * TOTAL, None)
    before = len(_subjects(hub))
    give(hub, ana, one, content_of(6, TOTAL * 7 // 10))
    assert _subjects(hub)[0] == "ana: 80% of public storage used"
    assert len(_subjects(hub)) == before + 1

    with reading(hub) as call, working(call) as work:
        grants.override(work, place, "public_bytes", None, None)
        grants.make(work, "Pro", {"public_bytes": 2 * TOTAL})
        grants.assign(work, place, "Pro", None)
    give(hub, ana, one, content_of(7, 1))  # as much of as much: that is known
    assert len(_subjects(hub)) == before + 1
    with reading(hub) as call, working(call) as work:
        grants.make(work, "Pro", {"public_bytes": 3 * TOTAL})
    give(hub, ana, one, content_of(8, TOTAL * 8 // 10))
    assert _subjects(hub)[0] == "ana: 80% of public storage used"
    assert len(_subjects(hub)) == before + 2


def test_a_step_is_told_again_only_after_there_was_clearly_more_room(hub: Hub) -> None:
    hub, ana = _listening(hub), made(hub, "ana")
    one = created(hub, ana, "one")
    place = names.Namespace(ana.user_id or 0, "ana", names.Kind.USER)
    give(hub, ana, one, content_of(0, TOTAL * 90 // 100))
    oid = give(hub, ana, one, content_of(1, TOTAL * 6 // 100))
    assert [text.split()[1] for text in _subjects(hub)] == ["95%", "80%"]

    def made_room(oid: Oid) -> None:
        with working_as(hub, ana) as work:
            inventory.give_up(work, one, [oid])
        run_counts(hub, ana)

    with reading(hub) as call, working(call) as work:  # nothing of it is room
        grants.make(work, "Pro", {"public_bytes": TOTAL, "api": 5})
        grants.assign(work, place, "Pro", None)
        grants.override(work, place, "tokens", 5, None)
        grants.make(work, "Pro", {"public_bytes": TOTAL, "api": 6})
    give(hub, ana, one, content_of(2, 10))
    for number in (3, 4):
        made_room(oid)
        oid = give(hub, ana, one, content_of(number, TOTAL * 6 // 100))
    assert len(_subjects(hub)) == 2

    with reading(hub) as call, working(call) as work:
        grants.override(work, place, "public_bytes", TOTAL * 2, None)
        grants.override(work, place, "public_bytes", None, None)
    give(hub, ana, one, content_of(5, 10))
    assert len(_subjects(hub)) == 3
    made_room(oid)
    with reading(hub) as call, working(call) as work:
        grants.override(work, place, "public_bytes", 0, None)  # no limit
        grants.override(work, place, "public_bytes", None, None)
    give(hub, ana, one, content_of(6, 10))
    assert [text.split()[1] for text in _subjects(hub)] == ["80%", "95%", "95%", "80%"]


def _told(hub: Hub) -> list[str]:
    names_ = sa.select(facts.c.name).where(facts.c.name.in_(("quota.reached", "quota.exceeded")))
    with reading(hub) as call:
        return list(call.db.scalars(names_.order_by(facts.c.id)))


def _subjects(hub: Hub) -> list[str]:
    with reading(hub) as call:
        return [kept.subject for kept in outbox.outbox(call) if "storage used" in kept.subject]


def _listening(hub: Hub) -> Hub:
    return dataclasses.replace(hub, listeners=(settle,))


def count_small(hub: Hub, repo: Repo) -> None:
    with calling(hub, SYSTEM) as call:
        CountSmall(repo.id).run(call)


def test_what_git_keeps_counts_too_in_every_version(hub: Hub) -> None:
    ana, bob = made(hub, "ana"), made(hub, "bob")
    one = created(hub, ana, "one")
    uploaded(hub, ana, one, {"a.txt": b"a" * SIZE})
    uploaded(hub, ana, one, {"a.txt": b"b" * SIZE})
    assert used(hub, ana) == 2 * SIZE
    change = Change("Mine", "", [Add("b.txt", b"c" * SIZE)])
    with calling(hub, bob) as call:
        propose(call, one.repo_id, "main", change)  # it is the repo that grows
    assert (used(hub, ana), used(hub, bob)) == (3 * SIZE, 0)
    with pytest.raises(OverQuota, match="1000 B but only 500 B is left"):
        uploaded(hub, ana, one, {"d.txt": b"d" * SIZE})
    with calling(hub, bob) as call, pytest.raises(OverQuota):
        propose(call, one.repo_id, "main", change)
    changed(hub, ana, one, [Delete("a.txt")])  # less is always welcome; history still holds it
    assert used(hub, ana) == 3 * SIZE
    with reading(hub) as call:
        assert list(misnoted(call)) == []


def test_small_files_at_once_do_not_pass_together(hub: Hub) -> None:
    ana = made(hub, "ana")
    repos = [created(hub, ana, f"repo-{number}") for number in range(6)]

    def upload(number: int) -> bool:
        try:
            uploaded(hub, ana, repos[number], {"a.txt": content_of(number)})
        except OverQuota:
            return False
        return True

    with ThreadPoolExecutor(6) as threads:
        passed = list(threads.map(upload, range(6)))
    assert sum(passed) == TOTAL // SIZE
    assert used(hub, ana) == 3 * SIZE


def test_a_squash_gives_back_what_history_held(hub: Hub) -> None:
    ana = made(hub, "ana")
    one = created(hub, ana, "one")
    count_small(hub, one)
    start = used(hub, ana)  # what every repo starts with
    for letter in b"abc":
        uploaded(hub, ana, one, {"a.txt": bytes([letter]) * 500})
    assert used(hub, ana) == start + 1_500
    with calling(hub, ana) as call:
        super_squash(call, one.repo_id, "main")
    assert run_due(hub, JOBS) > 0
    assert used(hub, ana) == start + 500


def test_a_branch_that_goes_away_or_aside_gives_back_what_it_alone_held(hub: Hub) -> None:
    following = dataclasses.replace(hub, listeners=(follow_refs,))
    ana = made(hub, "ana")
    one = created(hub, ana, "one")
    count_small(hub, one)
    start = used(hub, ana)
    with calling(following, ana) as call:
        for name in ("gone", "moved"):
            refs.create_branch(call, one.repo_id, name)
    for branch, letter in (("gone", b"g"), ("moved", b"m")):
        changed(following, ana, one, [Add("a.txt", letter * 500)], branch)
    assert run_due(hub, JOBS) == 0  # going on costs no count
    assert used(hub, ana) == start + 1_000
    with calling(following, ana) as call:
        refs.delete_branch(call, one.repo_id, "gone")
    assert run_due(hub, JOBS) > 0
    assert used(hub, ana) == start + 500
    with calling(following, ana) as call:
        refs.create_branch(call, one.repo_id, "moved", overwrite=True)
    assert run_due(hub, JOBS) > 0
    assert used(hub, ana) == start


def test_the_disk_follows_a_day_later(hub: Hub, clock: FrozenClock) -> None:
    following = dataclasses.replace(hub, listeners=(follow_refs,))
    ana = made(hub, "ana")
    one = created(hub, ana, "one")
    path = hub.git_path(one.key)
    with calling(following, ana) as call:
        refs.create_branch(call, one.repo_id, "gone")
    commit = changed(following, ana, one, [Add("a.txt", b"g" * 500)], "gone").sha
    with calling(following, ana) as call:
        refs.delete_branch(call, one.repo_id, "gone")
    for hours, there in ((1, True), (26, False)):
        clock.advance(timedelta(hours=hours))
        with calling(following, ana) as call:  # again each hour: the first day's job is not put off
            refs.create_branch(call, one.repo_id, f"other-{hours}")
            refs.delete_branch(call, one.repo_id, f"other-{hours}")
        for part in (path / "objects" / "pack").iterdir():
            if hours == 26:  # files bear the time of the machine, not of the test's clock
                os.utime(part, (0, 0))
        run_due(hub, JOBS)
        assert (git.expand_sha(path, commit) is not None) is there, hours


def test_what_lands_while_it_is_counted_is_counted(hub: Hub) -> None:
    ana = made(hub, "ana")
    one = created(hub, ana, "one")
    count_small(hub, one)
    start = used(hub, ana)
    late = iter([True])

    def lands(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "FROM refs" in statement and next(late, False):
            uploaded(hub, ana, one, {"late.txt": b"l" * 500})

    with calling(hub, SYSTEM) as call:
        sa.event.listen(call.db, "after_cursor_execute", lands)
        CountSmall(one.id).run(call)
    assert used(hub, ana) == start + 500
    assert run_due(hub, JOBS) == 1  # it counts again, undisturbed
    assert used(hub, ana) == start + 500


def test_over_a_quota_one_reads_and_deletes_and_adds_nothing(hub: Hub) -> None:
    ana = made(hub, "ana")
    one = created(hub, ana, "one")
    give(hub, ana, one, content_of(0))
    uploaded(hub, ana, one, {"a.txt": b"a" * SIZE})
    place = names.Namespace(ana.user_id or 0, "ana", names.Kind.USER)
    with reading(hub) as call, working(call) as work:
        grants.override(work, place, "public_bytes", SIZE, None)  # as when a plan ends
    for path, content in (("b.txt", b"b"), ("a.txt", b"c")):
        with pytest.raises(OverQuota, match="only 0 B is left"):
            uploaded(hub, ana, one, {path: content})
    with pytest.raises(OverQuota), calling(hub, ana) as call:
        duplicate(call, one.repo_id, Place("ana", "copy"))
    assert texts(hub, ana, one)["a.txt"] == b"a" * SIZE
    changed(hub, ana, one, [Delete("a.txt")])
    two = created(hub, ana, "two")  # a place for what is there already
    with working_as(hub, ana) as work:
        delete(work, two.repo_id)
        delete(work, one.repo_id)
    run_counts(hub, ana)
    assert used(hub, ana) == 0


@pytest.mark.parametrize("size", [-1, -(1 << 62), 1 << 53, 1 << 70])
def test_sizes_that_lie_reserve_nothing_and_hide_nothing(hub: Hub, size: int) -> None:
    ana = made(hub, "ana")
    one = created(hub, ana, "one")
    uploaded(hub, ana, one, {"a.txt": b"a" * SIZE})
    planned = [Planned("1.bin", 1_500), Planned("2.bin", 1_500), Planned("odd.bin", size)]
    with calling(hub, ana) as call:
        with pytest.raises((OverQuota, TooLarge, Unprocessable)):
            preupload(call, one.repo_id, "main", planned)
        wanted = [Wanted(Oid(digit * 64), 1_500) for digit in "01"]
        (odd,) = for_upload(call, one, [Wanted(Oid("2" * 64), size)])
        assert isinstance(odd, Refused)
        with pytest.raises(OverQuota):
            for_upload(call, one, [*wanted, Wanted(Oid("2" * 64), size)])
    assert used(hub, ana) == SIZE


def test_small_files_are_refused_before_they_are_sent_too(hub: Hub) -> None:
    ana = made(hub, "ana")
    one = created(hub, ana, "one")
    uploaded(hub, ana, one, {"a.txt": b"a" * SIZE, "b.txt": b"b" * SIZE, "c.txt": b"c" * SIZE})
    with calling(hub, ana) as call:
        preupload(call, one.repo_id, "main", [Planned("a.txt", SIZE), Planned("d.txt", 500)])
        with pytest.raises(OverQuota, match="1000 B but only 500 B is left"):
            preupload(call, one.repo_id, "main", [Planned("d.txt", 500), Planned("e.txt", 500)])


def test_what_git_keeps_moves_with_its_repo(hub: Hub) -> None:
    ana = made(hub, "ana")
    acme = organization(hub, "ana")
    ana = today(hub, ana)
    one = created(hub, ana, "one")
    uploaded(hub, ana, one, {"a.txt": b"a" * SIZE})
    listening = _listening(hub)
    owner = names.Namespace(acme.id, "acme", names.Kind.ORGANIZATION)
    with reading(hub) as call, working(call) as work:
        grants.override(work, owner, "public_bytes", SIZE - 1, None)
    target = RepoId(RepoType.MODEL, "acme", "one")
    with pytest.raises(OverQuota), working_as(listening, ana) as work:
        move(work, one.repo_id, target)
    with reading(hub) as call, working(call) as work:
        grants.override(work, owner, "public_bytes", SIZE, None)
    with working_as(listening, ana) as work:
        move(work, one.repo_id, target)
    with reading(hub) as call:
        assert counted(call, acme.id)[False] == SIZE


def test_a_repo_moves_only_where_it_may_hold_its_files(hub: Hub) -> None:
    watched = dataclasses.replace(hub, listeners=(settle_files,))
    ana = made(hub, "ana")
    acme = organization(hub, "ana")
    ana = today(hub, ana)
    one = created(hub, ana, "one")
    uploaded(hub, ana, one, {f"f/{number}.txt": b"x" for number in range(3)})
    box = bucket_of(hub, ana, "box")
    filled(hub, ana, box, {"a": b"x" * 10, "b": b"y" * 10})
    owner = names.Namespace(acme.id, "acme", names.Kind.ORGANIZATION)
    for key, most, sentence in (
        ("repo_files", 2, "would hold 4 files, and may hold 2"),
        ("folder_files", 2, "The folder f of acme/one would hold 3 files"),
        ("bucket_files", 1, "acme/box would hold 2 files, and may hold 1"),
    ):
        with reading(hub) as call, working(call) as work:
            grants.override(work, owner, key, most, None)
        repo = box if key == "bucket_files" else one
        target = RepoId(repo.type, "acme", repo.name)
        with pytest.raises(OverQuota, match=sentence), working_as(watched, ana) as work:
            move(work, repo.repo_id, target)
        with working_as(watched, ana) as work:  # another name at the same owner adds nothing
            move(work, repo.repo_id, RepoId(repo.type, "ana", f"{repo.name}-2"))
            move(work, RepoId(repo.type, "ana", f"{repo.name}-2"), repo.repo_id)
        with reading(hub) as call, working(call) as work:
            grants.override(work, owner, key, None, None)
    with working_as(watched, ana) as work:
        move(work, one.repo_id, RepoId(RepoType.MODEL, "acme", "one"))
