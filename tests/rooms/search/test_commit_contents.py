"""What is remembered of a commit is what the commit says, whoever asks and whatever came before."""

import msgspec
import pytest

from fixtures.contents import changed, created, given, uploaded
from fixtures.large_files import calling, noise, person
from strata.content.snapshot import snapshot
from strata.content.writing.operations import Add, Delete
from strata.core.actor import ANONYMOUS, Actor
from strata.core.errors import RepoNotFound
from strata.core.hub import Hub
from strata.core.names import RepoType
from strata.repos.record import Repo
from strata.search.saying.contents import Contents, Remembered, contents_of

CARD = b"---\nlicense: mit\ntags: [small]\npipeline_tag: fill-mask\n---\n# One\n"


@pytest.fixture
def owner(hub: Hub) -> Actor:
    return person(hub, "ana")


def seen(hub: Hub, actor: Actor, repo: Repo, revision: str = "main") -> Contents:
    with calling(hub, actor) as call:
        return contents_of(call, snapshot(call, repo.repo_id, revision))


def names(contents: Contents) -> list[str]:
    rows = msgspec.json.decode(contents.siblings, type=list[dict[str, str]])
    return [row["rfilename"] for row in rows]


def test_contents_hold_card_configuration_and_real_sizes(hub: Hub, owner: Actor) -> None:
    repo = created(hub, owner, "one", private=True)
    config = b'{"model_type": "bert", "hidden_size": 3}'
    uploaded(hub, owner, repo, {"README.md": CARD, "config.json": config})
    changed(hub, owner, repo, [given(hub, owner, repo, "big.bin", noise("big", 5000))])
    contents = seen(hub, owner, repo)
    assert names(contents) == [".gitattributes", "README.md", "big.bin", "config.json"]
    assert contents.card_data == {
        "license": "mit",
        "tags": ["small"],
        "pipeline_tag": "fill-mask",
    }
    assert contents.config == {"model_type": "bert"}
    assert contents.pipeline_tag == "fill-mask"
    assert "license:mit" in contents.tags
    assert {file.path: file.size for file in contents.files}["big.bin"] == 5000
    assert contents.used_storage == sum(file.size for file in contents.files)


def test_each_commit_has_contents_of_its_own(hub: Hub, owner: Actor) -> None:
    repo = created(hub, owner, "one")
    first = uploaded(hub, owner, repo, {"a.txt": b"1", "README.md": CARD})
    before = seen(hub, owner, repo)
    changed(hub, owner, repo, [Delete("a.txt"), Add("b.txt", b"22")])
    assert names(before) == [".gitattributes", "README.md", "a.txt"]
    assert names(seen(hub, owner, repo)) == [".gitattributes", "README.md", "b.txt"]
    assert seen(hub, owner, repo, first.sha) is before


def test_a_broken_configuration_says_nothing(hub: Hub, owner: Actor) -> None:
    repo = created(hub, owner, "one", RepoType.MODEL)
    uploaded(hub, owner, repo, {"config.json": b"{not json"})
    assert seen(hub, owner, repo).config is None


def test_remembered_contents_of_a_private_repo_stay_private(hub: Hub, owner: Actor) -> None:
    repo = created(hub, owner, "one", private=True)
    uploaded(hub, owner, repo, {"a.txt": b"1"})
    seen(hub, owner, repo)
    with pytest.raises(RepoNotFound):
        seen(hub, ANONYMOUS, repo)


def _weighing(weight: int) -> Contents:
    return Contents(None, (), None, None, None, {}, (), msgspec.Raw(b"[]"), 0, weight)


def test_memory_is_bounded_and_the_longest_unused_go_first() -> None:
    kept = Remembered(bound=100, largest=60)
    for name in ("a", "b"):
        kept.keep((name, "model", None), _weighing(50))
    assert kept.find(("a", "model", None))  # so that `b` is the one unused for longest
    kept.keep(("c", "model", None), _weighing(50))
    assert kept.find(("b", "model", None)) is None
    assert kept.find(("a", "model", None))
    assert kept.find(("c", "model", None))


def test_what_is_too_large_is_not_remembered() -> None:
    kept = Remembered(bound=100, largest=60)
    kept.keep(("a", "model", None), _weighing(61))
    assert kept.find(("a", "model", None)) is None
