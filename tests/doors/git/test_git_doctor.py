"""`strata doctor` over a hub in which something was broken on purpose."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from fixtures.accounts import calling, made
from fixtures.buckets import bucket_of, filled
from strata.app.hub import JOBS, load_hub
from strata.blobs.keep import keep
from strata.cli.hub.doctor import doctor
from strata.content.making import new_repo
from strata.content.tables import buckets
from strata.content.writing.commit import commit
from strata.content.writing.intake import spooled
from strata.content.writing.operations import AddLarge, Change
from strata.core.actor import Actor
from strata.core.call import working
from strata.core.findings import UNSOUND
from strata.core.hub import Hub
from strata.core.names import Oid, RepoType
from strata.core.settings.loading import load
from strata.events.jobs import run_due
from strata.events.tables import jobs
from strata.lib.git.writing.refs import projected_generation
from strata.repos.create import Wish
from strata.repos.projection import projected
from strata.repos.queries import repo_by_id
from strata.repos.record import Repo
from strata.repos.tables import refs
from strata.search.tables import cards

CONTENT = b"0123456789" * 1_000


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    """Give a hub as the command line opens it."""
    built = load_hub(load(environment={}, overrides={"data": tmp_path / "data"}).settings)
    yield built
    built.database.close()


@pytest.fixture
def alice(hub: Hub) -> Actor:
    return made(hub, "alice")


@pytest.fixture
def repo(hub: Hub, alice: Actor) -> Repo:
    """Give a repo with one large file, indexed and projected."""
    with calling(hub, alice) as call:
        wish = Wish(RepoType.MODEL, "alice", "tiny")
        made_repo = new_repo.create(call, wish, files={"README.md": b"# Hello\n"})
        pointer = keep(call, made_repo, spooled(call, [CONTENT]))
        change = Change("Weights", "", [AddLarge("weights.bin", pointer.oid, pointer.size)])
        commit(call, made_repo.repo_id, "main", change)
    run_due(hub, JOBS)
    with calling(hub, alice) as call:
        current = repo_by_id(call, made_repo.id)
        assert current is not None
        projected(call, current)
        return current


def examined(hub: Hub, *options: str) -> tuple[int, list[dict[str, object]]]:
    """Run the command; its exit code and what it found."""
    words = [*options, "--json", "--data", str(hub.settings.data)]
    done = CliRunner().invoke(doctor, words, catch_exceptions=False)
    return done.exit_code, json.loads(done.stdout)


def execute(hub: Hub, statement: sa.Executable) -> None:
    with calling(hub) as call, working(call) as work:
        work.db.execute(statement)


@pytest.mark.usefixtures("repo")
def test_a_sound_hub_is_well(hub: Hub) -> None:
    assert examined(hub) == (0, [])
    done = CliRunner().invoke(doctor, ["--data", str(hub.settings.data)])
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "All is well.\n")


def test_the_sums_of_a_bucket_are_counted_again(hub: Hub, alice: Actor) -> None:
    filled(hub, alice, bucket_of(hub, alice, "box"), {"a.bin": CONTENT, "b/c.bin": CONTENT})
    assert examined(hub) == (0, [])
    execute(hub, sa.update(buckets).values(size=1, files=7))

    code, found = examined(hub)
    assert (code, [(row["check"], row["place"]) for row in found]) == (
        UNSOUND, [("buckets", "buckets/alice/box")]
    )  # fmt: skip
    code, found = examined(hub, "--repair")
    assert (code, [row["repaired"] for row in found]) == (0, [True])
    assert examined(hub) == (0, [])


@pytest.mark.usefixtures("repo")
def test_a_ref_to_nowhere_is_found(hub: Hub) -> None:
    execute(hub, sa.update(refs).values(commit_sha="1" * 40, target="1" * 40))
    code, found = examined(hub)
    assert code == UNSOUND
    assert {"refs"} <= {row["check"] for row in found}
    assert any("refs/heads/main" in str(row["problem"]) for row in found)
    assert {row["place"] for row in found} == {"alice/tiny"}


def test_a_damaged_pack_is_found(hub: Hub, repo: Repo) -> None:
    for pack in hub.git_path(repo.key).glob("objects/pack/*.pack"):
        pack.chmod(0o600)
        content = bytearray(pack.read_bytes())
        content[len(content) // 2] ^= 0xFF
        pack.write_bytes(content)
    code, found = examined(hub)
    assert code == UNSOUND
    assert "git" in {row["check"] for row in found}


def test_a_missing_bare_repository_is_found(hub: Hub, repo: Repo) -> None:
    hub.git_path(repo.key).rename(hub.settings.data / "elsewhere")
    code, found = examined(hub)
    assert code == UNSOUND
    assert [row["check"] for row in found] == ["git"]


@pytest.mark.usefixtures("repo")
def test_lost_bytes_are_found_and_not_called_repaired(hub: Hub) -> None:
    (stored,) = hub.objects.keys("lfs")
    hub.objects.delete(stored.key)
    for options in ((), ("--repair",)):
        code, found = examined(hub, *options)
        assert code == UNSOUND
        assert [row["check"] for row in found] == ["objects"]
        assert "missing in the object store" in str(found[0]["problem"])


@pytest.mark.usefixtures("repo")
def test_a_pointer_to_bytes_that_were_never_given_is_found(hub: Hub) -> None:
    (stored,) = hub.objects.keys("lfs")
    oid = Oid(stored.key.rpartition("/")[2])
    execute(hub, sa.text("DELETE FROM repo_blobs"))
    code, found = examined(hub)
    assert code == UNSOUND
    assert [row["check"] for row in found] == ["pointers", "usage"]  # its owner has less, too
    assert oid in str(found[0]["problem"])


def test_a_tampered_projection_is_rebuilt(hub: Hub, repo: Repo) -> None:
    packed = hub.git_path(repo.key) / "packed-refs"
    sound = packed.read_bytes()
    packed.write_bytes(sound + b"1" * 40 + b" refs/tags/forged\n")
    code, found = examined(hub)
    assert (code, [row["check"] for row in found]) == (UNSOUND, ["projection"])
    code, found = examined(hub, "--repair")
    assert (code, [row["repaired"] for row in found]) == (0, [True])
    assert packed.read_bytes() == sound
    assert projected_generation(hub.git_path(repo.key)) == repo.generation + 1
    assert examined(hub) == (0, [])


@pytest.mark.usefixtures("repo")
def test_a_lagging_index_is_queued_anew(hub: Hub) -> None:
    execute(hub, sa.update(cards).values(commit_sha="1" * 40))
    code, found = examined(hub)
    assert (code, [row["check"] for row in found]) == (UNSOUND, ["index"])
    assert examined(hub, "--repair")[0] == 0
    assert run_due(hub, JOBS) >= 1
    assert examined(hub) == (0, [])


@pytest.mark.usefixtures("repo")
def test_work_that_gave_up_is_found(hub: Hub) -> None:
    execute(
        hub,
        sa.insert(jobs).values(
            kind="mail.send",
            key="x",
            body={},
            due=hub.clock(),
            failed_at=hub.clock(),
            last_error="Traceback\nOSError: no route",
        ),
    )
    code, found = examined(hub)
    assert (code, [row["check"] for row in found]) == (UNSOUND, ["jobs"])
    assert "OSError: no route" in str(found[0]["problem"])
