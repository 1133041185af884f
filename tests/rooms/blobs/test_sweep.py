"""The sweep: what git reaches and what is young stays, whatever happens meanwhile."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from fixtures.buckets import bucket_of, emptied, filled
from fixtures.hubs import FrozenClock
from fixtures.large_files import (
    MadeFile,
    calling,
    file_of,
    noise,
    person,
    repository,
    set_ref,
    spool,
    working_as,
)
from strata.blobs import keep, links, pointer, queries
from strata.blobs.lfs import uploads
from strata.blobs.lfs.negotiate import Needed
from strata.blobs.lfs.tickets import PartLink
from strata.blobs.pointer import Pointer
from strata.blobs.present import large_files, require_present
from strata.blobs.sweeping import plan as sweep_plan, queries as sweep_queries, strays, sweep
from strata.blobs.sweeping.sweep import SweepReport
from strata.blobs.tables import bucket_files, xet_dedup, xet_files, xorbs as xorb_rows
from strata.blobs.xet import dedup, grants, shards, xorbs
from strata.blobs.xet.shards import Progress
from strata.content.bucket import record
from strata.content.bucket.batch import apply
from strata.content.bucket.steps import AddFile
from strata.core.actor import Actor
from strata.core.errors import Unprocessable
from strata.core.hub import Hub
from strata.core.names import Oid
from strata.credentials.tokens.presented.bearers import Bearer
from strata.lib.git import store as git
from strata.lib.git.write import Note, Put, Signature, write_commit
from strata.repos.record import Repo
from strata.repos.tables import repos

CONTENT = noise("swept", 400_000)
OTHER = noise("other", 300_000)
LONG = timedelta(days=29)
NOTE = Note(Signature("A", "a@example.com"), datetime(2026, 1, 1, tzinfo=UTC), "add")


@pytest.fixture
def alice(hub: Hub) -> Actor:
    return person(hub, "alice")


@pytest.fixture
def repo(hub: Hub, alice: Actor) -> Repo:
    made = repository(hub, alice, "model")
    git.init(hub.git_path(made.key))
    return made


def swept(hub: Hub, alice: Actor, *, delete: bool = True) -> SweepReport:
    with calling(hub, alice) as call:
        return sweep.sweep(call, delete=delete)


def kept(hub: Hub, alice: Actor, repo: Repo, content: bytes = CONTENT) -> Pointer:
    with calling(hub, alice) as call:
        return keep.keep(call, repo, spool(hub, content))


def committed(hub: Hub, repo: Repo, *pointers: Pointer, ref: str = "refs/heads/main") -> str:
    puts = [Put(f"{one.oid}.bin", pointer.text(one)) for one in pointers]
    commit = write_commit(hub.git_path(repo.key), None, puts, [], NOTE)
    set_ref(hub, repo, ref, commit)
    return commit


def sent(hub: Hub, alice: Actor, repo: Repo, content: bytes = CONTENT) -> MadeFile:
    made = file_of(content)
    with calling(hub, alice) as call:
        for one in made.xorbs:
            xorbs.take_in(call, one.hash, spool(hub, one.body))
        received = spool(hub, made.shard())
        shards.register(call, repo, received, Progress())
        received.discard()
    return made


def has(hub: Hub, alice: Actor, repo: Repo, oid: Oid) -> bool:
    with calling(hub, alice) as call:
        return oid in large_files(call, repo, [oid])


def objects(hub: Hub) -> set[str]:
    return {facts.key.split("/")[0] for facts in hub.objects.keys("")}


def test_young_files_stay_though_nothing_refers_to_them(
    hub: Hub, alice: Actor, repo: Repo, clock: FrozenClock
) -> None:
    one, made = kept(hub, alice, repo, b"lfs" * 100), sent(hub, alice, repo)
    clock.advance(timedelta(days=27))
    report = swept(hub, alice)
    assert (report.claims, report.files, report.xorbs) == (0, 0, 0)
    assert has(hub, alice, repo, one.oid)
    assert has(hub, alice, repo, made.oid)


def test_old_files_that_nothing_refers_to_go(
    hub: Hub, alice: Actor, repo: Repo, clock: FrozenClock
) -> None:
    one, made = kept(hub, alice, repo, b"lfs" * 100), sent(hub, alice, repo)
    clock.advance(LONG)

    told = swept(hub, alice, delete=False)
    assert (told.claims, told.files, told.xorbs) == (2, 2, len(made.xorbs))
    assert told.file_bytes == 300 + len(CONTENT)
    assert has(hub, alice, repo, one.oid)  # a dry run removes nothing

    done = swept(hub, alice)
    assert (done.claims, done.files, done.xorbs) == (told.claims, told.files, told.xorbs)
    assert done.xorb_bytes == sum(len(xorb.body) for xorb in made.xorbs)
    assert list(hub.objects.keys()) == []
    for table in (xet_files, xorb_rows, xet_dedup):
        with calling(hub, alice) as call:
            assert call.db.scalar(sa.select(sa.func.count()).select_from(table)) == 0
    assert swept(hub, alice) == SweepReport(deleted=True)


def test_what_any_ref_reaches_stays_for_ever(
    hub: Hub, alice: Actor, repo: Repo, clock: FrozenClock
) -> None:
    one = kept(hub, alice, repo, b"branch" * 100)
    made = sent(hub, alice, repo)
    two = Pointer(made.oid, len(CONTENT))
    committed(hub, repo, one)
    committed(hub, repo, two, ref="refs/pr/1")
    clock.advance(LONG * 10)

    report = swept(hub, alice)

    assert (report.claims, report.files, report.xorbs) == (0, 0, 0)
    with calling(hub, alice) as call:
        place = links.where(call, repo, two.oid, filename="x")
        assert isinstance(place, links.XetTerms)
        assert b"".join(links.open_xet(hub, place)) == CONTENT


def test_history_that_was_squashed_away_lets_go(
    hub: Hub, alice: Actor, repo: Repo, clock: FrozenClock
) -> None:
    old, new = kept(hub, alice, repo, b"old" * 100), kept(hub, alice, repo, b"new" * 100)
    committed(hub, repo, old, new)
    committed(hub, repo, new)
    clock.advance(LONG)
    assert swept(hub, alice).files == 1
    assert not has(hub, alice, repo, old.oid)
    assert has(hub, alice, repo, new.oid)


def test_a_deleted_repo_loses_everything_but_what_others_have(
    hub: Hub, alice: Actor, repo: Repo, clock: FrozenClock
) -> None:
    other = repository(hub, alice, "other")
    git.init(hub.git_path(other.key))
    mine, shared = kept(hub, alice, repo, b"mine" * 100), kept(hub, alice, repo)
    committed(hub, repo, mine, shared)
    with working_as(hub, alice) as work:
        keep.share(work, repo, other, [shared.oid])
    committed(hub, other, shared)
    with hub.database.writing() as db:
        db.execute(sa.update(repos).where(repos.c.id == repo.id).values(deleted_at=clock()))
    clock.advance(LONG)

    report = swept(hub, alice)

    assert (report.claims, report.files, report.folders) == (2, 1, 1)
    assert not hub.git_path(repo.key).exists()
    assert has(hub, alice, other, shared.oid)
    assert not has(hub, alice, repo, mine.oid)


def test_a_repo_whose_history_has_a_hole_keeps_all(
    hub: Hub, alice: Actor, repo: Repo, clock: FrozenClock
) -> None:
    one = kept(hub, alice, repo)
    set_ref(hub, repo, "refs/heads/main", "1" * 40)
    clock.advance(LONG)
    report = swept(hub, alice)
    assert report.unreadable == (repo.key,)
    assert has(hub, alice, repo, one.oid)


def test_a_commit_between_plan_and_removal_saves_its_file(
    hub: Hub, alice: Actor, repo: Repo, clock: FrozenClock
) -> None:
    one, made = kept(hub, alice, repo, b"lfs" * 100), sent(hub, alice, repo)
    clock.advance(LONG)
    before = clock() - timedelta(days=28)
    with calling(hub, alice) as call:
        found = sweep_plan.planned(call, before)
        assert len(found.files) == 2
        # Somebody commits the old upload now: the check alone keeps it.
        require_present(call, repo, [(one.oid, None), (made.oid, None)])
    for living, oids in found.claims.living:
        with working_as(hub, alice) as work:
            assert sweep_queries.drop_claims(work, living, oids, before) == 0
    committed(hub, repo, one, Pointer(made.oid, len(CONTENT)))

    assert swept(hub, alice).files == 0
    assert has(hub, alice, repo, one.oid)
    assert has(hub, alice, repo, made.oid)


def test_refs_that_moved_since_the_plan_save_their_files(
    hub: Hub, alice: Actor, repo: Repo, clock: FrozenClock
) -> None:
    one = kept(hub, alice, repo)
    clock.advance(LONG)
    before = clock() - timedelta(days=28)
    with calling(hub, alice) as call:
        found = sweep_plan.planned(call, before)
    committed(hub, repo, one)
    ((living, oids),) = found.claims.living
    with working_as(hub, alice) as work:
        assert sweep_queries.drop_claims(work, living, oids, before) == 0


def test_an_upload_between_the_two_steps_of_a_removal_stores_its_bytes_anew(
    hub: Hub, alice: Actor, repo: Repo, clock: FrozenClock
) -> None:
    one = kept(hub, alice, repo)
    clock.advance(LONG)
    before = clock() - timedelta(days=28)
    with working_as(hub, alice) as work:
        sweep_queries.drop_claims(work, next(sweep_queries.living_repos(work)), [one.oid], before)
        assert sweep_queries.retire_blob(work, one.oid, before)

    kept(hub, alice, repo)

    with working_as(hub, alice) as work:
        assert not sweep_queries.remove_blob(work, one.oid, before)
    with calling(hub, alice) as call:
        place = links.where(call, repo, one.oid, filename="x")
    assert isinstance(place, links.Piped)
    assert b"".join(links.open_stream(hub, place)) == CONTENT


def test_a_xorb_that_was_used_or_advertised_again_is_young(
    hub: Hub, alice: Actor, repo: Repo, clock: FrozenClock
) -> None:
    made = sent(hub, alice, repo)
    clock.advance(timedelta(days=20))
    with calling(hub, alice) as call:
        assert dedup.answer(call, repo, made.xorbs[0].xorb.chunks.hash_at(0))
    clock.advance(timedelta(days=20))
    report = swept(hub, alice)
    assert report.files == 1  # the file is 40 days old
    assert report.xorbs == 0  # its chunks were advertised 20 days ago
    clock.advance(LONG)
    with calling(hub, alice) as call:
        assert grants.offer(call, repo, made.xorbs[0].hash, 10, 0) is None  # "here already"
    assert swept(hub, alice).xorbs == len(made.xorbs) - 1


def test_dedup_rows_go_with_their_xorb(
    hub: Hub, alice: Actor, repo: Repo, clock: FrozenClock
) -> None:
    made = sent(hub, alice, repo)
    clock.advance(LONG)
    swept(hub, alice)
    with calling(hub, alice) as call:
        assert dedup.answer(call, repo, made.xorbs[0].xorb.chunks.hash_at(0)) is None
    sent(hub, alice, repo)  # and it can come again
    with calling(hub, alice) as call:
        assert dedup.answer(call, repo, made.xorbs[0].xorb.chunks.hash_at(0))


def test_unfinished_uploads_and_stray_objects_go(
    hub: Hub, alice: Actor, repo: Repo, clock: FrozenClock
) -> None:
    with calling(hub, alice) as call:
        (upload,) = uploads.start_parts(call, repo, [Needed(Oid("a" * 64), 10)])
        link = PartLink(upload.key, repo.id, Bearer(upload.user_id), 1, 10)
        uploads.take_part(call, link, spool(hub, bytes(10)))
        assert grants.offer(call, repo, b"\1" * 32, 10, 0)
    made = file_of(CONTENT)
    known = sent(hub, alice, repo, b"known " * 50_000)
    committed(hub, repo, Pointer(known.oid, len(known.content)))
    hub.objects.put(f"lfs/aa/aa/{'a' * 64}", b"stray")
    hub.objects.put(f"xorbs/{made.name[:2]}/{made.name}-0123456789abcdef", b"stray")
    twin = known.xorbs[0].url_name
    hub.objects.put(f"xorbs/{twin[:2]}/{twin}-0123456789abcdef", b"another serialization")
    assert swept(hub, alice, delete=False).strays == 0  # too young to be told from a running upload
    clock.advance(LONG)

    report = swept(hub, alice)

    assert report.strays == 3
    assert report.uploads == 2
    assert objects(hub) == {"xorbs"}
    with calling(hub, alice) as call:
        assert queries.upload_at(call, upload.key) is None
        place = links.where(call, repo, known.oid, filename="x")
        assert isinstance(place, links.XetTerms)
        assert b"".join(links.open_xet(hub, place)) == known.content


def test_a_stray_whose_bytes_are_announced_stays(
    hub: Hub, alice: Actor, clock: FrozenClock
) -> None:
    oid = Oid("a" * 64)
    hub.objects.put(f"lfs/aa/aa/{oid}", b"stray")
    clock.advance(LONG)
    with calling(hub, alice) as call:
        (stray,) = strays.found(call, clock() - timedelta(days=28))
        with working_as(hub, alice) as work:
            queries.announce(work, oid, 5)
        assert not strays.remove(call, stray)
    assert objects(hub) == {"lfs"}


def test_a_file_that_went_can_no_longer_be_committed(
    hub: Hub, alice: Actor, repo: Repo, clock: FrozenClock
) -> None:
    one = kept(hub, alice, repo)
    clock.advance(LONG)
    swept(hub, alice)
    with calling(hub, alice) as call, pytest.raises(Unprocessable):
        require_present(call, repo, [(one.oid, None)])


def test_what_a_bucket_has_a_file_for_stays_and_what_it_had_goes(
    hub: Hub, alice: Actor, clock: FrozenClock
) -> None:
    bucket = bucket_of(hub, alice, "box")
    filled(hub, alice, bucket, {"kept.bin": CONTENT, "gone.bin": OTHER})
    kept_oid, gone_oid = file_of(CONTENT).oid, file_of(OTHER).oid
    emptied(hub, alice, bucket, "gone.bin")
    clock.advance(LONG)

    assert swept(hub, alice, delete=False).claims == 1
    report = swept(hub, alice)

    assert (report.claims, report.files, report.xorbs) == (1, 1, len(file_of(OTHER).xorbs))
    assert has(hub, alice, bucket, kept_oid)
    assert not has(hub, alice, bucket, gone_oid)
    with calling(hub, alice) as call:
        place = links.where(call, bucket, kept_oid, filename="kept.bin")
        assert isinstance(place, links.XetTerms)
        assert b"".join(links.open_stream(call.hub, place)) == CONTENT


def test_a_file_put_into_a_bucket_between_plan_and_removal_stays(
    hub: Hub, alice: Actor, clock: FrozenClock
) -> None:
    bucket = bucket_of(hub, alice, "box")
    made = sent(hub, alice, bucket)
    clock.advance(LONG)
    with calling(hub, alice) as call:
        plan = sweep_plan.planned(call, call.now - timedelta(days=28))
    assert list(plan.claims.pairs()) == [(bucket.id, made.oid)]
    with working_as(hub, alice) as work:
        assert apply(work, bucket.repo_id, [AddFile("late.bin", made.name)]).refused == []

    with working_as(hub, alice) as work:
        for living, oids in plan.claims.living:
            sweep_queries.drop_claims(work, living, oids, plan.before)

    assert has(hub, alice, bucket, made.oid)


def test_a_deleted_bucket_loses_everything_but_what_others_have(
    hub: Hub, alice: Actor, repo: Repo, clock: FrozenClock
) -> None:
    bucket = bucket_of(hub, alice, "box")
    filled(hub, alice, bucket, {"a.bin": CONTENT, "b.bin": OTHER})
    other = sent(hub, alice, repo, OTHER)
    committed(hub, repo, Pointer(other.oid, len(OTHER)))
    with working_as(hub, alice) as work:
        record.delete(work, bucket.repo_id)
    clock.advance(LONG)

    report = swept(hub, alice)

    assert (report.files, report.file_bytes) == (1, len(CONTENT))
    assert has(hub, alice, repo, other.oid)
    with calling(hub, alice) as call:
        assert call.db.scalar(sa.select(sa.func.count()).select_from(bucket_files)) == 0
