"""Trees, preuploads, new repos and counted downloads."""

from datetime import timedelta

import pytest

from fixtures.contents import at, changed, created, given, uploaded
from fixtures.hubs import FrozenClock
from fixtures.large_files import calling, noise, oid_of, person
from strata.content.reading.downloads import DownloadCounts
from strata.content.reading.files import file_at, read_text
from strata.content.reading.tree import folder_size, listing, paths_info
from strata.content.writing.operations import Add
from strata.content.writing.preupload import Planned, preupload
from strata.core.actor import ANONYMOUS, Actor
from strata.core.errors import EntryNotFound, Forbidden, Malformed, TooLarge, Unauthenticated
from strata.core.hub import Hub
from strata.core.names import RepoType
from strata.repos.queries import repo_by_id
from strata.repos.record import Repo


@pytest.fixture
def owner(hub: Hub) -> Actor:
    return person(hub, "ana")


@pytest.fixture
def repo(hub: Hub, owner: Actor) -> Repo:
    made = created(hub, owner, "one")
    files = {"a.txt": b"12345", "b/c.txt": b"1", "b/d/e.txt": b"22"}
    uploaded(hub, owner, made, files)
    changed(hub, owner, made, [given(hub, owner, made, "b/big.bin", noise("big", 4000))])
    return made


def test_a_listing_shows_real_sizes_and_hashes(hub: Hub, owner: Actor, repo: Repo) -> None:
    with calling(hub, owner) as call:
        here = at(hub, owner, repo)
        flat = listing(call, here)
        deep = listing(call, here, recursive=True, expand=True)
        inner = listing(call, here, "b/")
    assert [(e.path, e.kind) for e in flat.entries] == [
        (".gitattributes", "file"),
        ("a.txt", "file"),
        ("b", "directory"),
    ]
    assert [e.path for e in deep.entries] == [
        ".gitattributes", "a.txt", "b", "b/big.bin", "b/c.txt", "b/d", "b/d/e.txt"
    ]  # fmt: skip
    big = inner.entries[0]
    assert big.pointer is not None
    assert (big.path, big.size, big.pointer.oid) == ("b/big.bin", 4000, oid_of(noise("big", 4000)))
    assert big.pointer_size < 200
    assert deep.entries[3].last_commit is not None
    assert folder_size(here, "b") == 4003
    with pytest.raises(EntryNotFound) as missing:
        listing(call, here, "a.txt")
    assert missing.value.commit == here.commit


def test_pages_of_a_listing_join_to_the_whole(hub: Hub, owner: Actor, repo: Repo) -> None:
    with calling(hub, owner) as call:
        here = at(hub, owner, repo)
        whole = [e.path for e in listing(call, here, recursive=True).entries]
        for size in (1, 2, 3):
            seen, cursor = [], None
            while True:
                page = listing(call, here, recursive=True, limit=size, cursor=cursor)
                seen += [e.path for e in page.entries]
                if (cursor := page.cursor) is None:
                    break
            assert seen == whole
        with pytest.raises(Malformed):
            listing(call, here, cursor="\x00")


def test_paths_info_keeps_the_order_and_drops_what_is_missing(
    hub: Hub, owner: Actor, repo: Repo
) -> None:
    with calling(hub, owner) as call:
        here = at(hub, owner, repo)
        found = paths_info(call, here, ["b", "missing", "a.txt", "b/", "", "../x", "a\0b"])
        assert [e.path for e in found] == ["b", "a.txt", "b"]
        with pytest.raises(TooLarge, match="too many parameters"):
            paths_info(call, here, ["a"] * 1001)


def test_a_folder_is_no_file(hub: Hub, owner: Actor, repo: Repo) -> None:
    here = at(hub, owner, repo)
    with calling(hub, owner) as call:
        for path in ("b", "missing", "", "a.txt/x"):
            with pytest.raises(EntryNotFound):
                file_at(call, here, path)
    assert read_text(here, "b/big.bin", 10**6) is None
    assert read_text(here, "a.txt", 4) is None
    assert read_text(here, "a.txt", 5) == "12345"


def test_preupload_says_how_each_file_shall_come(hub: Hub, owner: Actor, repo: Repo) -> None:
    ten = 10 * 1024 * 1024
    files = [
        Planned("new.bin", 1),
        Planned("new.txt", ten - 1),
        Planned("huge.txt", ten),
        Planned("a.txt", 5),
        Planned("b/big.bin", 4000),
        Planned("b", 1),
        Planned("x.log", 1),
    ]
    uploaded(hub, owner, repo, {".gitignore": b"*.log\n"})
    with calling(hub, owner) as call:
        verdicts = preupload(call, repo.repo_id, "main", files)
        here = at(hub, owner, repo)
        text_oid = file_at(call, here, "a.txt").blob_oid
        other = preupload(
            call,
            repo.repo_id,
            "main",
            files,
            attributes="*.txt filter=lfs",
            ignore="new.*",
        )
    assert verdicts.head == here.commit
    assert [v.large for v in verdicts.files] == [True, False, True, False, True, False, False]
    assert [v.ignored for v in verdicts.files] == [False] * 6 + [True]
    assert [v.oid for v in verdicts.files][3:5] == [text_oid, oid_of(noise("big", 4000))]
    assert [v.oid for v in verdicts.files][5] is None
    assert [v.large for v in other.files] == [False, True, True, True, False, False, False]
    assert [v.ignored for v in other.files] == [True, True, False, False, False, False, False]


def test_preupload_asks_for_the_right_of_the_upload(hub: Hub, repo: Repo) -> None:
    stranger = person(hub, "bob")
    with calling(hub, stranger) as call:
        with pytest.raises(Forbidden):
            preupload(call, repo.repo_id, "main", [])
        assert preupload(call, repo.repo_id, "main", [], create_pr=True).files == []
    with calling(hub, ANONYMOUS) as call, pytest.raises(Unauthenticated):
        preupload(call, repo.repo_id, "main", [], create_pr=True)


def test_a_new_repo_starts_with_the_rules_and_a_space_with_a_card(hub: Hub, owner: Actor) -> None:
    space = created(hub, owner, "app", RepoType.SPACE, sdk="gradio")
    with calling(hub, owner) as call:
        entries = listing(call, at(hub, owner, space)).entries
    assert [e.path for e in entries] == [".gitattributes", "README.md"]
    text = read_text(at(hub, owner, space), "README.md", 10_000)
    assert text is not None
    assert "sdk: gradio" in text


def test_a_download_counts_once_in_five_minutes_per_caller(
    hub: Hub, owner: Actor, repo: Repo, clock: FrozenClock
) -> None:
    counts = DownloadCounts()
    for caller in ("ana", "ana", "bob"):
        counts.add(repo.id, caller, clock())
    counts.flush(hub)
    clock.advance(timedelta(minutes=6))
    counts.add(repo.id, "ana", clock())
    counts.flush(hub)
    counts.flush(hub)
    clock.advance(timedelta(days=40))
    counts.add(repo.id, "ana", clock())
    counts.flush(hub)
    with calling(hub, owner) as call:
        known = repo_by_id(call, repo.id)
    assert known is not None
    assert (known.downloads, known.downloads_all_time) == (1, 4)


def test_the_last_commit_of_each_entry_is_found(hub: Hub, owner: Actor, repo: Repo) -> None:
    changed(hub, owner, repo, [Add("a.txt", b"again")], title="Again")
    with calling(hub, owner) as call:
        entries = listing(call, at(hub, owner, repo), expand=True).entries
    titles = {e.path: e.last_commit.title for e in entries if e.last_commit}
    assert titles == {".gitattributes": "initial commit", "a.txt": "Again", "b": "Change"}
