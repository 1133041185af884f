"""Buckets: what a batch does, what a listing shows, what the sums say, on both databases."""

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from fixtures.buckets import batched, bucket_of, emptied, filled, names_in, sent
from fixtures.contents import changed, created, given, side_by_side
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.large_files import calling, noise, person, working_as
from strata.accounts.naming import names
from strata.accounts.plans import grants
from strata.blobs.xet import answers
from strata.content.bucket import following, queries, reading, record
from strata.content.bucket.batch import KEPT_CHANGES, Outcome, Refusal
from strata.content.bucket.paths import LAST, end_of, folder_below, problem_of
from strata.content.bucket.queries import FileRow
from strata.content.bucket.reading import Folder, listing
from strata.content.bucket.soundness import recount, unsound_buckets
from strata.content.bucket.steps import AddFile, CopyFile, DeleteFile
from strata.content.bucket.supply import NOT_GIVEN, NOT_THERE
from strata.core.actor import ANONYMOUS, SYSTEM, Actor
from strata.core.errors import EntryNotFound, Forbidden, Malformed, NotFound, RepoNotFound
from strata.core.hub import Hub
from strata.core.names import RepoId, RepoType
from strata.repos.record import Repo

CONTENT = noise("bucket", 30_000)
OTHER = noise("another", 20_000)


@pytest.fixture
def hub(each_hub: Hub) -> Hub:
    return each_hub


@pytest.fixture
def ana(hub: Hub) -> Actor:
    return person(hub, "ana")


@pytest.fixture
def bob(hub: Hub) -> Actor:
    return person(hub, "bob")


@pytest.fixture
def bucket(hub: Hub, ana: Actor) -> Repo:
    return bucket_of(hub, ana, "box")


def sums(hub: Hub, bucket: Repo) -> tuple[int, int]:
    """What is noted of a bucket, which must be what its files say."""
    with calling(hub, ANONYMOUS) as call:
        assert list(unsound_buckets(call)) == []
        held = queries.holding(call, bucket.id)
    assert held is not None
    return held.size, held.files


def one_level(hub: Hub, bucket: Repo, prefix: str, limit: int = 1000) -> list[str]:
    """Every entry below a prefix, read page by page; folders end in a slash."""
    found: list[str] = []
    cursor: str | None = None
    with calling(hub, ANONYMOUS) as call:
        while True:
            page = listing(call, bucket, prefix, recursive=False, limit=limit, cursor=cursor)
            assert len(page.entries) <= limit
            found += [e.path + "/" * isinstance(e, Folder) for e in page.entries]
            cursor = page.cursor
            if cursor is None:
                return found


def test_files_are_added_replaced_and_deleted_and_the_sums_follow(
    hub: Hub, ana: Actor, bucket: Repo
) -> None:
    filled(hub, ana, bucket, {"a.bin": CONTENT, "logs/b.bin": OTHER})
    assert sums(hub, bucket) == (len(CONTENT) + len(OTHER), 2)

    filled(hub, ana, bucket, {"a.bin": OTHER})
    assert sums(hub, bucket) == (2 * len(OTHER), 2)

    emptied(hub, ana, bucket, "a.bin", "logs/b.bin", "never there")
    assert (sums(hub, bucket), names_in(hub, ana, bucket)) == ((0, 0), [])


def test_of_steps_with_one_path_the_last_counts(hub: Hub, ana: Actor, bucket: Repo) -> None:
    hashes = filled(hub, ana, bucket, {"a": CONTENT, "b": OTHER})

    outcome = batched(
        hub, ana, bucket,
        DeleteFile("a"), AddFile("a", hashes["b"]), AddFile("c", hashes["a"]), DeleteFile("c"),
    )  # fmt: skip

    assert outcome == Outcome(4, [])
    assert names_in(hub, ana, bucket) == ["a", "b"]
    assert sums(hub, bucket) == (2 * len(OTHER), 2)


def test_what_cannot_be_done_is_named_and_the_rest_is_done(
    hub: Hub, ana: Actor, bucket: Repo
) -> None:
    hashes = filled(hub, ana, bucket, {"a": CONTENT})
    gone = RepoId(RepoType.MODEL, "ana", "gone")

    outcome = batched(
        hub, ana, bucket,
        AddFile("x", "0" * 64),
        CopyFile("y", hashes["a"], gone),
        CopyFile("z", "0" * 64, bucket.repo_id),
        AddFile("../up", hashes["a"]),
        CopyFile("b", hashes["a"], bucket.repo_id),
    )  # fmt: skip

    assert outcome.processed == 5
    assert [(one.path, one.error) for one in outcome.refused[:3]] == [
        ("x", NOT_GIVEN), ("y", "Repository not found"), ("z", NOT_THERE)
    ]  # fmt: skip
    assert outcome.refused[3].path == "../up"
    assert names_in(hub, ana, bucket) == ["a", "b"]


def test_a_hash_alone_opens_nobodys_bytes(hub: Hub, ana: Actor, bob: Actor, bucket: Repo) -> None:
    secret = bucket_of(hub, ana, "secret", private=True)
    hashes = filled(hub, ana, secret, {"s": CONTENT})
    loot = bucket_of(hub, bob, "loot")

    outcome = batched(
        hub, bob, loot,
        AddFile("a", hashes["s"]),
        CopyFile("b", hashes["s"], secret.repo_id),
        CopyFile("c", hashes["s"], bucket.repo_id),
        CopyFile("d", hashes["s"], loot.repo_id),
    )  # fmt: skip

    assert [refusal.path for refusal in outcome.refused] == ["a", "b", "c", "d"]
    assert outcome.refused[1] == Refusal("b", "Repository not found")
    with calling(hub, bob) as call, pytest.raises(NotFound):
        answers.file_of(call, loot, hashes["s"])


def test_copies_come_from_repos_and_buckets_that_can_be_read(
    hub: Hub, ana: Actor, bob: Actor, bucket: Repo
) -> None:
    hashes = filled(hub, ana, bucket, {"a": CONTENT})
    model = created(hub, ana, "one")
    large = sent(hub, ana, model, OTHER)
    mine = bucket_of(hub, bob, "mine", private=True)

    outcome = batched(
        hub, bob, mine,
        CopyFile("from-bucket", hashes["a"], bucket.repo_id),
        CopyFile("from-model", large.name, model.repo_id),
    )  # fmt: skip

    assert outcome.refused == []
    assert sums(hub, mine) == (len(CONTENT) + len(OTHER), 2)
    emptied(hub, ana, bucket, "a")  # a copy stands by itself
    with calling(hub, bob) as call:
        assert answers.file_of(call, mine, hashes["a"]).size == len(CONTENT)


def test_what_was_deleted_is_gone_at_once_by_every_way(
    hub: Hub, ana: Actor, bob: Actor, bucket: Repo
) -> None:
    hashes = filled(hub, ana, bucket, {"a": CONTENT})
    mine = bucket_of(hub, bob, "mine")
    with calling(hub, bob) as call:
        assert answers.file_of(call, bucket, hashes["a"]).size == len(CONTENT)

    emptied(hub, ana, bucket, "a")

    with calling(hub, bob) as call:
        with pytest.raises(EntryNotFound):
            reading.file_at(call, bucket, "a")
        with pytest.raises(NotFound):
            answers.file_of(call, bucket, hashes["a"])
    assert batched(hub, bob, mine, CopyFile("a", hashes["a"], bucket.repo_id)).refused


def test_only_those_who_may_write_change_a_bucket(
    hub: Hub, ana: Actor, bob: Actor, bucket: Repo
) -> None:
    secret = bucket_of(hub, ana, "secret", private=True)
    with pytest.raises(Forbidden):
        batched(hub, bob, bucket, DeleteFile("a"))
    with pytest.raises(RepoNotFound):
        batched(hub, bob, secret, DeleteFile("a"))


def test_a_bucket_holds_no_more_than_it_may(tmp_path: Path, clock: FrozenClock) -> None:
    bounds: dict[str, Any] = {"limits.bucket_bytes": 50_000, "limits.bucket_files": 2}
    hub = build_test_hub(tmp_path / "small", clock=clock, **bounds)
    ana = person(hub, "ana")
    bucket = bucket_of(hub, ana, "box")
    hashes = filled(hub, ana, bucket, {"a": CONTENT})
    other = sent(hub, ana, bucket, OTHER).name

    too_much = batched(hub, ana, bucket, AddFile("b", hashes["a"]), AddFile("c", other))
    too_many = batched(hub, ana, bucket, AddFile("d", other))
    smaller = batched(hub, ana, bucket, AddFile("a", other), AddFile("d", other))

    assert [one.path for one in too_much.refused] == ["b"]
    assert [one.path for one in too_many.refused] == ["d"]
    assert [one.path for one in smaller.refused] == ["d"]
    assert sums(hub, bucket) == (2 * len(OTHER), 2)
    assert "ana/box holds 2 of 2 files. Delete some, or ask" in smaller.warning
    with working_as(hub, SYSTEM) as work:
        place = names.Namespace(ana.user_id or 0, "ana", names.Kind.USER)
        grants.override(work, place, "bucket_files", 3, None)
    assert batched(hub, ana, bucket, DeleteFile("nothing")).warning == ""
    hub.database.close()


def test_a_listing_is_flat_or_one_level(hub: Hub, ana: Actor, bucket: Repo) -> None:
    name = sent(hub, ana, bucket, CONTENT).name
    paths = [
        "logs/new/1",
        "logs/new/2",
        "logs/old",
        "logs.json",
        "logs_backup/a",
        "z",
        "ü/é",
        "logs",
    ]
    batched(hub, ana, bucket, *[AddFile(path, name) for path in paths])

    assert names_in(hub, ana, bucket) == sorted(paths)
    for limit in (1, 2, 3, 1000):
        assert one_level(hub, bucket, "", limit) == [
            "logs", "logs.json", "logs/", "logs_backup/", "z", "ü/"
        ]  # fmt: skip
        assert one_level(hub, bucket, "logs", limit) == [
            "logs", "logs.json", "logs/new/", "logs/old", "logs_backup/"
        ]  # fmt: skip
        assert one_level(hub, bucket, "logs/", limit) == ["logs/new/", "logs/old"]
        assert one_level(hub, bucket, "nothing", limit) == []


def test_a_page_of_folders_does_not_read_what_lies_in_them(
    hub: Hub, ana: Actor, bucket: Repo
) -> None:
    name = sent(hub, ana, bucket, CONTENT).name
    paths = [f"{folder}/{number:04}" for folder in "abc" for number in range(300)]
    batched(hub, ana, bucket, *[AddFile(path, name) for path in paths], AddFile("d", name))

    assert one_level(hub, bucket, "", 2) == ["a/", "b/", "c/", "d"]
    assert one_level(hub, bucket, "b", 7) == [path for path in paths if path.startswith("b/")]


def test_folders_say_when_something_was_last_uploaded_below(
    hub: Hub, ana: Actor, bucket: Repo, clock: FrozenClock
) -> None:
    hashes = filled(hub, ana, bucket, {"a/b/c": CONTENT, "d/e": CONTENT})
    clock.advance(timedelta(hours=1))
    batched(hub, ana, bucket, AddFile("a/b/f", hashes["d/e"]))

    with calling(hub, ana) as call:
        page = listing(call, bucket, recursive=False)
        (inner,) = listing(call, bucket, "a/", recursive=False).entries

    times = {entry.path: entry.uploaded_at for entry in page.entries}
    assert times == {"a": clock(), "d": clock() - timedelta(hours=1)}
    assert inner == Folder("a/b", clock())


def test_files_are_found_by_their_paths_in_the_order_given(
    hub: Hub, ana: Actor, bucket: Repo
) -> None:
    filled(hub, ana, bucket, {"a": CONTENT, "b/c": OTHER})
    with calling(hub, ana) as call:
        found = reading.files_among(call, bucket, ["b/c", "b", "nul\0", "a", "b/c"])
    assert [(file.path, file.size) for file in found] == [("b/c", len(OTHER)), ("a", len(CONTENT))]


@pytest.mark.parametrize("cursor", ["!", "/w", "w6k", "a"])
def test_cursors_that_are_not_ours_are_refused_or_harmless(
    hub: Hub, ana: Actor, bucket: Repo, cursor: str
) -> None:
    filled(hub, ana, bucket, {"a": CONTENT})
    with calling(hub, ana) as call:
        try:
            page = listing(call, bucket, recursive=True, cursor=cursor)
        except Malformed:
            return
    assert [entry.path for entry in page.entries] in ([], ["a"])


def test_followers_hear_every_change_once_and_in_order(
    hub: Hub, ana: Actor, bucket: Repo, clock: FrozenClock
) -> None:
    with calling(hub, ana) as call:
        start = following.place_of(call, bucket.repo_id, None, None)
    assert start is not None
    before = clock()
    clock.advance(timedelta(seconds=1))
    filled(hub, ana, bucket, {"a": CONTENT, "b": OTHER})
    clock.advance(timedelta(seconds=1))
    later = clock()
    filled(hub, ana, bucket, {"a": OTHER})
    emptied(hub, ana, bucket, "b", "absent")

    with calling(hub, ana) as call:
        news = following.told(call, bucket.repo_id, start)
        assert news is not None
        resumed = following.place_of(call, bucket.repo_id, f"{bucket.id}.2", None)
        since = following.place_of(call, bucket.repo_id, None, later)
        all_of_it = following.place_of(call, bucket.repo_id, None, before)
        nothing = following.told(call, bucket.repo_id, news.place)

    assert [(c.op, c.path, c.size) for c in news.changes] == [
        ("add", "a", len(CONTENT)), ("add", "b", len(OTHER)),
        ("update", "a", len(OTHER)), ("delete", "b", None),
    ]  # fmt: skip
    assert resumed == since == following.Place(bucket.id, 2)
    assert all_of_it == start
    assert nothing == following.Told([], news.place)


def test_a_follower_who_was_away_too_long_begins_anew(
    hub: Hub, ana: Actor, bucket: Repo, clock: FrozenClock
) -> None:
    start = clock()
    hashes = filled(hub, ana, bucket, {"a": CONTENT})
    clock.advance(timedelta(seconds=1))
    with working_as(hub, ana) as work:
        held = queries.locked(work, bucket.id)
        assert held is not None
        file = queries.file_at(work, bucket.id, "a")
        assert file is not None
        last = queries.ChangeRow(
            KEPT_CHANGES + 2, "a", "update", file.size, hashes["a"], None, clock()
        )
        queries.add_changes(work, bucket.id, [last], KEPT_CHANGES)
        newer = queries.Holding(held.size, held.files, last.number, clock())
        queries.write_holding(work, bucket.id, newer)

    with calling(hub, ana) as call:
        assert following.place_of(call, bucket.repo_id, f"{bucket.id}.0", None) is None
        assert following.place_of(call, bucket.repo_id, None, start) is None
        assert following.told(call, bucket.repo_id, following.Place(bucket.id, 0)) is None
        now = following.place_of(call, bucket.repo_id, f"{bucket.id}.{last.number}", None)
        assert now == following.Place(bucket.id, last.number)


@pytest.mark.parametrize(
    "cursor", ["", "x", "1", "999999.0", "{id}.5", "{id}.-1", "{id}.", "{id}.²"]
)
def test_a_cursor_that_the_bucket_never_gave_is_refused(
    hub: Hub, ana: Actor, bucket: Repo, cursor: str
) -> None:
    text = cursor.format(id=bucket.id)
    with calling(hub, ana) as call, pytest.raises(Malformed):
        following.place_of(call, bucket.repo_id, text, None)


def test_nobody_follows_what_is_hidden_from_them(hub: Hub, ana: Actor, bob: Actor) -> None:
    secret = bucket_of(hub, ana, "secret", private=True)
    with calling(hub, bob) as call:
        with pytest.raises(RepoNotFound):
            following.place_of(call, secret.repo_id, None, None)
        with pytest.raises(RepoNotFound):
            following.told(call, secret.repo_id, following.Place(secret.id, 0))


@pytest.mark.slow
def test_batches_side_by_side_lose_nothing(hub: Hub, ana: Actor, bucket: Repo) -> None:
    name = sent(hub, ana, bucket, CONTENT).name
    together = threading.Barrier(8)

    def write(writer: int) -> None:
        together.wait()
        for number in range(10):
            mine = AddFile(f"{writer}/{number}", name)
            batched(hub, ana, bucket, mine, AddFile(f"all/{number}", name), DeleteFile("none"))

    with side_by_side(8) as pool:
        list(pool.map(write, range(8)))

    assert len(names_in(hub, ana, bucket)) == 90
    assert sums(hub, bucket) == (90 * len(CONTENT), 90)
    with calling(hub, ana) as call:
        news = following.told(call, bucket.repo_id, following.Place(bucket.id, 0))
    assert news is not None
    assert [change.number for change in news.changes] == list(range(1, 161))


def test_doctor_finds_sums_that_are_wrong_and_mends_them(
    hub: Hub, ana: Actor, bucket: Repo
) -> None:
    filled(hub, ana, bucket, {"a": CONTENT})
    with working_as(hub, ana) as work:
        held = queries.locked(work, bucket.id)
        assert held is not None
        wrong = queries.Holding(7, 9, held.last_change, held.changed_at)
        queries.write_holding(work, bucket.id, wrong)
    with calling(hub, ana) as call:
        (finding,) = unsound_buckets(call)
    assert (finding.place, finding.repo_id) == ("buckets/ana/box", bucket.id)

    with working_as(hub, ana) as work:
        recount(work, bucket.id)

    assert sums(hub, bucket) == (len(CONTENT), 1)


def test_a_deleted_bucket_is_gone_and_its_name_free(
    hub: Hub, ana: Actor, bob: Actor, bucket: Repo
) -> None:
    filled(hub, ana, bucket, {"a": CONTENT})
    with pytest.raises(Forbidden), working_as(hub, bob) as work:
        record.delete(work, bucket.repo_id)
    with working_as(hub, ana) as work:
        record.delete(work, bucket.repo_id)

    with calling(hub, ana) as call, pytest.raises(RepoNotFound):
        record.bucket_at(call, bucket.repo_id)
    assert names_in(hub, ana, bucket_of(hub, ana, "box")) == []


def test_a_large_file_without_chunks_cannot_be_named_by_a_bucket(
    hub: Hub, ana: Actor, bucket: Repo
) -> None:
    model = created(hub, ana, "one")
    changed(hub, ana, model, [given(hub, ana, model, "w.bin", CONTENT)])
    made = sent(hub, ana, bucket_of(hub, ana, "elsewhere"), CONTENT)

    # The model was given the same bytes by LFS, so their Xet hash names a file of the model too.
    outcome = batched(hub, ana, bucket, CopyFile("w", made.name, model.repo_id))

    assert outcome.refused == []
    with calling(hub, ana) as call:
        found = reading.file_at(call, bucket, "w")
    assert isinstance(found, FileRow)
    assert found.stored


@pytest.mark.parametrize(
    "path",
    ["", "/a", "a/", "a//b", ".", "..", "a/../b", "a\\b", "a\0b", "a\nb", "\ud800", "é" * 513],
)
def test_names_that_no_file_may_have(path: str) -> None:
    assert problem_of(path) is not None


@pytest.mark.parametrize(
    "path", ["a", "a b/#%.txt", ".git/config", "...", "ü/é", "a" * 1024, "con"]
)
def test_names_that_files_may_have(path: str) -> None:
    assert problem_of(path) is None


def test_the_end_of_a_prefix_is_behind_all_that_begins_with_it() -> None:
    assert end_of("a") == "b"
    assert end_of("\ud7ff") == "\ue000"
    assert end_of(f"a{LAST}") == "b"
    assert end_of(LAST) is None
    assert end_of("") is None
    assert folder_below("", "a") is None
    assert folder_below("a", "a/b") is None


@pytest.mark.slow
def test_buckets_that_copy_from_each_other_do_not_stand_in_each_others_way(
    hub: Hub, ana: Actor
) -> None:
    start = bucket_of(hub, ana, "all")
    names = [sent(hub, ana, start, noise(str(n), 3_000)).name for n in range(6)]
    pair = [bucket_of(hub, ana, name) for name in ("left", "right")]
    for one in pair:
        filled(hub, ana, one, {str(n): noise(str(n), 3_000) for n in range(6)})
    together = threading.Barrier(4)

    def copy(turn: int) -> None:
        source, target = (pair[0], pair[1]) if turn % 2 else (pair[1], pair[0])
        order = names if turn < 2 else names[::-1]
        together.wait()
        for round_ in range(12):
            steps = [CopyFile(f"{turn}/{round_}/{name}", name, source.repo_id) for name in order]
            assert batched(hub, ana, target, *steps).refused == []

    with side_by_side(4) as pool:
        list(pool.map(copy, range(4)))

    assert [sums(hub, one)[1] for one in pair] == [6 + 2 * 12 * 6] * 2


def test_a_prefix_that_no_name_can_begin_with_lists_nothing(
    hub: Hub, ana: Actor, bucket: Repo
) -> None:
    filled(hub, ana, bucket, {"a": CONTENT, "b": CONTENT})
    with calling(hub, ana) as call:
        cursor = listing(call, bucket, recursive=True, limit=1).cursor
        pages = [
            listing(call, bucket, "\0x", recursive=recursive, cursor=where)
            for recursive in (True, False)
            for where in (None, cursor)
        ]
    assert [page.entries for page in pages] == [[]] * 4
