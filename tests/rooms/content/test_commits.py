"""The one path for writing."""

import base64
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from fixtures.contents import at, changed, created, given, side_by_side, texts, uploaded
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.large_files import calling, noise, oid_of, person, spool
from strata.blobs import pointer as pointers
from strata.blobs.links import Piped, open_stream, where
from strata.blobs.pointer import Pointer
from strata.content.reading.files import file_at, read_raw
from strata.content.reading.history import commits
from strata.content.reading.tree import listing
from strata.content.writing.commit import commit
from strata.content.writing.intake import attributes_at
from strata.content.writing.operations import (
    Add,
    AddLarge,
    Change,
    Delete,
    DeleteFolder,
    EncodedSlice,
    Operation,
)
from strata.core.actor import ANONYMOUS, Actor
from strata.core.errors import (
    EntryNotFound,
    Forbidden,
    InvalidFields,
    Malformed,
    ParentMoved,
    RepoNotFound,
    RevisionNotFound,
    Unauthenticated,
    Unprocessable,
)
from strata.core.hub import Hub
from strata.core.names import Oid, Sha
from strata.repos.record import Repo


@pytest.fixture
def owner(hub: Hub) -> Actor:
    return person(hub, "ana")


@pytest.fixture
def repo(hub: Hub, owner: Actor) -> Repo:
    return created(hub, owner, "one")


def test_a_commit_adds_replaces_and_deletes(hub: Hub, owner: Actor, repo: Repo) -> None:
    uploaded(hub, owner, repo, {"a.txt": b"1", "b/c.txt": b"2", "b/d.txt": b"3", "e/f": b"4"})
    changed(
        hub,
        owner,
        repo,
        [Add("a.txt", b"new"), Delete("b/c.txt"), DeleteFolder("e"), Add("g/h", b"")],
    )
    assert texts(hub, owner, repo) == {"a.txt": b"new", "b/d.txt": b"3", "g/h": b""}


def test_a_deleted_file_that_is_a_folder_removes_the_folder(
    hub: Hub, owner: Actor, repo: Repo
) -> None:
    uploaded(hub, owner, repo, {"b/c": b"2", "b/d": b"3", "x": b"1"})
    changed(hub, owner, repo, [Delete("b")])
    assert texts(hub, owner, repo) == {"x": b"1"}


def test_deleting_what_is_missing_names_the_failure_and_changes_nothing(
    hub: Hub, owner: Actor, repo: Repo
) -> None:
    before = at(hub, owner, repo).commit
    for operation in (Delete("no"), DeleteFolder("no"), Delete(""), DeleteFolder(".gitattributes")):
        with pytest.raises((EntryNotFound, Unprocessable)) as failure:
            changed(hub, owner, repo, [Add("x", b"x"), operation])
        if operation.path == "no":
            assert failure.value.message == "A file with this name doesn't exist"
    assert at(hub, owner, repo).commit == before


def test_a_commit_without_a_change_lands_too(hub: Hub, owner: Actor, repo: Repo) -> None:
    before = at(hub, owner, repo).commit
    after = changed(hub, owner, repo, []).sha
    assert after != before
    assert at(hub, owner, repo).commit == after


def test_the_parent_that_a_caller_insists_on_must_be_the_head(
    hub: Hub, owner: Actor, repo: Repo
) -> None:
    first = at(hub, owner, repo).commit
    second = changed(hub, owner, repo, [Add("a", b"a")], parent=first).sha
    with pytest.raises(ParentMoved):
        changed(hub, owner, repo, [Add("b", b"b")], parent=first)
    assert at(hub, owner, repo).commit == second


def test_tags_and_shas_take_no_commits(hub: Hub, owner: Actor, repo: Repo) -> None:
    sha = at(hub, owner, repo).commit
    for revision in (sha, sha[:8], "missing", "refs/pr/1"):
        with pytest.raises(RevisionNotFound):
            changed(hub, owner, repo, [Add("a", b"a")], revision)


def test_only_those_who_may_write_can_commit(hub: Hub, owner: Actor, repo: Repo) -> None:
    private = created(hub, owner, "private", private=True)
    stranger = person(hub, "bob")
    for actor, target, failure in (
        (stranger, repo, Forbidden),
        (ANONYMOUS, repo, Unauthenticated),
        (stranger, private, RepoNotFound),
        (ANONYMOUS, private, RepoNotFound),
    ):
        with pytest.raises(failure):
            changed(hub, actor, target, [Add("a", b"a")])
    assert texts(hub, owner, repo) == {}


@pytest.mark.parametrize(
    "path",
    [
        "", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/./b", ".git", ".GIT/config",
        "a/.git/x", ".git ", ".git.", "git~1", "GIT~1/x", ".g\u200cit", "..\\ddd", "a\\b",
        "a\0b", "a\nb", "a\x7f", "con", "CON.txt", "a/NUL", "a/lpt1.md", "COM1", "trailing.",
        "trailing ", "folder./x", "x" * 256, "\ud800",
    ],
)  # fmt: skip
def test_paths_that_no_checkout_can_hold_are_refused(
    hub: Hub, owner: Actor, repo: Repo, path: str
) -> None:
    before = at(hub, owner, repo).commit
    large = AddLarge(path, Oid("0" * 64), 1)
    for operation in (Add(path, b"x"), large):
        with pytest.raises(Unprocessable):
            changed(hub, owner, repo, [Add("fine", b"x"), operation])
    assert at(hub, owner, repo).commit == before


@pytest.mark.parametrize(
    "path",
    ["a b", "#", "a%20b", "a&b", "日本語/ü", "console", "comma", "con1", "..a", "a..b", "x" * 255,
     ".gitignore", "a.git", "-", "a:b", "é", "e\u0301"],
)  # fmt: skip
def test_unusual_paths_are_kept_as_they_are(hub: Hub, owner: Actor, repo: Repo, path: str) -> None:
    uploaded(hub, owner, repo, {path: b"x"})
    assert texts(hub, owner, repo) == {path: b"x"}


def test_names_that_differ_in_case_alone_may_share_a_commit(
    hub: Hub, owner: Actor, repo: Repo
) -> None:
    uploaded(hub, owner, repo, {"a": b"1", "A": b"2"})
    assert texts(hub, owner, repo) == {"a": b"1", "A": b"2"}


def test_a_large_file_becomes_a_pointer_and_reads_back(hub: Hub, owner: Actor, repo: Repo) -> None:
    content = noise("large", 5000)
    changed(hub, owner, repo, [given(hub, owner, repo, "model.safetensors", content)])
    with calling(hub, owner) as call:
        file = file_at(call, at(hub, owner, repo), "model.safetensors")
        assert (file.size, file.etag) == (5000, oid_of(content))
        place = where(call, repo, Oid(file.etag), filename="x")
        raw = file_at(call, at(hub, owner, repo), "model.safetensors", expand=False)
    assert raw.size == len(pointers.text(Pointer(oid_of(content), 5000)))
    assert raw.pointer is None
    assert isinstance(place, Piped)
    assert b"".join(open_stream(hub, place)) == content


def test_a_copy_needs_no_size_but_must_be_in_this_repo(hub: Hub, owner: Actor, repo: Repo) -> None:
    content = noise("copied", 3000)
    changed(hub, owner, repo, [given(hub, owner, repo, "a.bin", content)])
    changed(hub, owner, repo, [AddLarge("b.bin", oid_of(content), None)])
    with calling(hub, owner) as call:
        assert file_at(call, at(hub, owner, repo), "b.bin").size == 3000
    other = created(hub, owner, "other")
    with pytest.raises(Unprocessable, match="Upload it first"):
        changed(hub, owner, other, [AddLarge("b.bin", oid_of(content), None)])
    with pytest.raises(Unprocessable):
        changed(hub, owner, repo, [AddLarge("c.bin", oid_of(content), 2999)])


def test_a_pointer_sent_as_text_needs_its_bytes_too(hub: Hub, owner: Actor, repo: Repo) -> None:
    content = noise("elsewhere", 3000)
    secret = created(hub, person(hub, "eve"), "secret", private=True)
    given(hub, Actor(secret.owner_id, "eve", verified=True), secret, "s.bin", content)
    forged = pointers.text(Pointer(oid_of(content), 3000))
    with pytest.raises(Unprocessable):
        changed(hub, owner, repo, [Add("s.bin", forged)])


def test_content_that_the_rules_call_large_is_kept_as_a_large_file(
    hub: Hub, owner: Actor, repo: Repo
) -> None:
    content = noise("inline", 2000)
    changed(hub, owner, repo, [Add("weights.bin", content), Add("empty.bin", b"")])
    with calling(hub, owner) as call:
        here = at(hub, owner, repo)
        assert file_at(call, here, "weights.bin").etag == oid_of(content)
        assert file_at(call, here, "empty.bin").pointer is None


def test_content_beyond_the_limit_is_kept_as_a_large_file_and_named_in_the_rules(
    tmp_path: Path, clock: FrozenClock
) -> None:
    limits: dict[str, Any] = {"limits.regular_file_bytes": 1000}
    hub = build_test_hub(tmp_path / "data", clock=clock, **limits)
    owner = person(hub, "ana")
    repo = created(hub, owner, "one")
    content = noise("beyond", 1001)
    received = spool(hub, noise("received", 1500))
    changed(hub, owner, repo, [Add("my file.txt", content), Add("other.txt", received)])
    with calling(hub, owner) as call:
        here = at(hub, owner, repo)
        assert file_at(call, here, "my file.txt").etag == oid_of(content)
        assert file_at(call, here, "other.txt").size == 1500
    rules = attributes_at(here.git_path, here.commit).splitlines()
    assert rules[-2:] == [
        "my[[:space:]]file.txt filter=lfs diff=lfs merge=lfs -text",
        "other.txt filter=lfs diff=lfs merge=lfs -text",
    ]
    assert not [p for p in hub.objects.staging().iterdir() if p.is_file()]
    hub.database.close()


@pytest.mark.slow
def test_encoded_content_is_decoded_in_pieces(hub: Hub, owner: Actor, repo: Repo) -> None:
    content = noise("encoded", 3 * 1024 * 1024 + 7)
    body = hub.objects.staging() / "body"
    body.write_bytes(b"xx" + base64.b64encode(content) + b"yy")
    span = EncodedSlice(body, 2, 2 + len(base64.b64encode(content)))
    changed(hub, owner, repo, [Add("a.txt", span), Add("b.bin", span)])
    with calling(hub, owner) as call:
        here = at(hub, owner, repo)
        assert read_raw(here, "a.txt", 10**8) == content
        assert file_at(call, here, "b.bin").etag == oid_of(content)
    with pytest.raises(Malformed):
        changed(hub, owner, repo, [Add("a.txt", EncodedSlice(body, 1, 20))])
    body.unlink()


@pytest.mark.parametrize("lead", range(4))
def test_escaped_slashes_are_digits_and_other_escapes_are_refused(hub: Hub, lead: int) -> None:
    content = b"\0" * lead + b"\xff" * (3 * 1024 * 1024)  # base64 of 0xff is "////"
    body = hub.objects.staging() / "body"
    escaped = base64.b64encode(content).replace(b"/", b"\\/")
    body.write_bytes(escaped)
    assert b"".join(EncodedSlice(body, 0, len(escaped)).pieces()) == content
    wrapped = base64.b64encode(content)[:76] + b"\\n" + base64.b64encode(content)
    body.write_bytes(wrapped)
    with pytest.raises(Malformed):
        list(EncodedSlice(body, 0, len(wrapped)).pieces())


@pytest.mark.parametrize("size", [0, 1, 2, 3, 4, 100])
def test_the_size_of_encoded_content_is_known_before_it_is_decoded(hub: Hub, size: int) -> None:
    body = hub.objects.staging() / "body"
    text = base64.b64encode(b"x" * size)
    body.write_bytes(b"==" + text + b"==")
    assert EncodedSlice(body, 2, 2 + len(text)).size() == size


def test_a_large_file_that_no_rule_covers_is_added_to_the_rules_once(
    hub: Hub, owner: Actor, repo: Repo
) -> None:
    one = given(hub, owner, repo, "a.xyz", noise("1", 900))
    two = given(hub, owner, repo, "dir/b[1].xyz", noise("2", 900))
    changed(hub, owner, repo, [one, two])
    changed(hub, owner, repo, [one])
    here = at(hub, owner, repo)
    added = attributes_at(here.git_path, here.commit).splitlines()[-2:]
    assert added == [
        "a.xyz filter=lfs diff=lfs merge=lfs -text",
        "dir/b\\[1].xyz filter=lfs diff=lfs merge=lfs -text",
    ]


def test_rules_that_come_in_the_same_commit_are_kept_and_completed(
    hub: Hub, owner: Actor, repo: Repo
) -> None:
    one = given(hub, owner, repo, "a.xyz", noise("1", 900))
    two = given(hub, owner, repo, "b.abc", noise("2", 900))
    mine = b"*.xyz filter=lfs diff=lfs merge=lfs -text"
    changed(hub, owner, repo, [one, two, Add(".gitattributes", mine)])
    here = at(hub, owner, repo)
    assert attributes_at(here.git_path, here.commit) == (
        f"{mine.decode()}\nb.abc filter=lfs diff=lfs merge=lfs -text\n"
    )


def test_a_card_with_wrong_metadata_stays_out(hub: Hub, owner: Actor, repo: Repo) -> None:
    before = at(hub, owner, repo).commit
    for text in (b"---\nlicense: [1]\n---\n", b"---\na: [\n---\n", b"---\nmodel-index: foo\n---\n"):
        with pytest.raises(InvalidFields):
            uploaded(hub, owner, repo, {"README.md": text})
    assert at(hub, owner, repo).commit == before
    uploaded(
        hub, owner, repo, {"README.md": b"---\nlicense: mit\n---\n", "docs/README.md": b"---\n["}
    )


def test_the_author_is_the_account_and_the_private_address_stays_private(
    hub: Hub, owner: Actor, repo: Repo, clock: FrozenClock
) -> None:
    clock.advance(timedelta(seconds=5))
    changed(hub, owner, repo, [Add("a", b"a")], title="  Two\nlines ")
    with calling(hub, owner) as call:
        found = commits(call, at(hub, owner, repo))
    assert found.total == 2
    assert [one.author.name for one in found.items] == ["ana", "ana"]
    assert [one.facts.title for one in found.items] == ["Two lines", "initial commit"]
    assert all("example.com" not in one.facts.author_email for one in found.items)


def test_a_commit_without_a_summary_is_refused(hub: Hub, owner: Actor, repo: Repo) -> None:
    with pytest.raises(Malformed):
        changed(hub, owner, repo, [Add("a", b"a")], title=" \n ")


@pytest.mark.slow
def test_eight_writers_on_one_branch_lose_nothing(hub: Hub, owner: Actor, repo: Repo) -> None:
    def write(writer: int) -> None:
        for number in range(25):
            changed(hub, owner, repo, [Add(f"{writer}/{number}.txt", b"%d" % number)])

    with side_by_side(8) as pool:
        list(pool.map(write, range(8)))
    expected = {f"{w}/{n}.txt": b"%d" % n for w in range(8) for n in range(25)}
    assert texts(hub, owner, repo) == expected
    with calling(hub, owner) as call:
        assert commits(call, at(hub, owner, repo)).total == 201


def test_of_writers_who_insist_on_one_parent_a_single_one_wins(
    hub: Hub, owner: Actor, repo: Repo
) -> None:
    head = at(hub, owner, repo).commit

    def write(writer: int) -> Sha | None:
        try:
            return changed(hub, owner, repo, [Add(f"{writer}", b"x")], parent=head).sha
        except ParentMoved:
            return None

    with side_by_side(8) as pool:
        landed = [sha for sha in pool.map(write, range(8)) if sha]
    assert landed == [at(hub, owner, repo).commit]


def test_operations_that_fail_while_they_are_read_change_nothing(
    hub: Hub, owner: Actor, repo: Repo
) -> None:
    before = at(hub, owner, repo).commit

    def operations() -> "list[Operation]":
        raise Malformed("broken body")

    change = Change("x", "", (one for _ in [0] for one in operations()))
    with calling(hub, owner) as call, pytest.raises(Malformed):
        commit(call, repo.repo_id, "main", change)
    assert at(hub, owner, repo).commit == before


@pytest.mark.parametrize(("count", "seconds"), [(100, 0.5), (1000, 2.5)])
def test_many_small_files_are_quick(
    hub: Hub, owner: Actor, repo: Repo, count: int, seconds: float
) -> None:
    files = {f"d{n % 20}/f{n}.txt": b"content %d" % n for n in range(count)}
    started = time.perf_counter()
    uploaded(hub, owner, repo, files)
    elapsed = time.perf_counter() - started
    with calling(hub, owner) as call:
        assert len(listing(call, at(hub, owner, repo), recursive=True).entries) >= min(count, 1000)
    # Five times what it takes on an idle machine: a guard against another order of magnitude.
    assert elapsed < seconds
