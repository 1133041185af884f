"""What a gate costs a read, one indexed lookup before a stranger; and junk for a token, nothing."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from fixtures.collaborators import shared
from fixtures.contents import created
from fixtures.gated import asks, decides, gate
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.large_files import access_token
from strata.access.gates.record import Standing
from strata.content.snapshot import snapshot
from strata.core.actor import ANONYMOUS, Actor, Role
from strata.core.call import Call
from strata.core.errors import GatedRepo
from strata.core.hub import Hub
from strata.credentials.tokens import values
from strata.credentials.tokens.presented import recognising
from strata.repos.change import Settings
from strata.repos.record import Repo


@pytest.fixture
def hub(tmp_path: Path, clock: FrozenClock) -> Iterator[Hub]:
    """Give a hub on SQLite, which tells what it is asked."""
    built = build_test_hub(tmp_path / "data", clock=clock)
    yield built
    built.database.close()


@contextmanager
def listening(hub: Hub, actor: Actor) -> Iterator[tuple[Call, list[str]]]:
    """Open a call, and hear every statement that it sends."""
    with hub.database.reading() as db:
        heard: list[str] = []
        driver = db.connection.driver_connection
        assert driver is not None
        driver.set_trace_callback(heard.append)
        yield Call(hub, actor, db), heard
        driver.set_trace_callback(None)


def questions(hub: Hub, actor: Actor, repo: Repo) -> list[str]:
    """What is asked of the database when somebody reads."""
    with listening(hub, actor) as (call, heard):
        with suppress(GatedRepo):
            snapshot(call, repo.repo_id)
        return [statement for statement in heard if statement.startswith("SELECT")]


def test_only_a_stranger_before_a_gate_costs_a_question(
    hub: Hub, ana: Actor, bob: Actor, eve: Actor
) -> None:
    plain = created(hub, ana, "plain")
    open_to_all = questions(hub, bob, plain)
    assert len(open_to_all) == 2  # the repo and the ref
    gated = gate(hub, ana, created(hub, ana, "gated"), Settings(gated="manual"))
    assert len(questions(hub, ana, gated)) == 2
    asks(hub, bob, gated)
    decides(hub, ana, gated, Standing.ACCEPTED, "bob")
    let_in = questions(hub, bob, gated)
    assert len(let_in) == 3
    assert len(questions(hub, eve, gated)) == 2  # the repo and where she stands; no ref
    assert len(questions(hub, ANONYMOUS, gated)) == 1
    with hub.database.reading() as db:
        (asked,) = [one for one in let_in if "access_requests" in one]
        plan = db.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}").all()
    assert "USING INDEX" in str(plan)


def asked_by(hub: Hub, value: str) -> list[str]:
    """What is asked of the database to settle whom a token speaks for."""
    with listening(hub, ANONYMOUS) as (call, heard):
        assert recognising.actor_for_token(call.db, hub, value) is not None
        return [statement for statement in heard if statement.startswith("SELECT")]


def test_only_who_works_on_repos_of_others_costs_a_question(
    hub: Hub, ana: Actor, bob: Actor
) -> None:
    repo = created(hub, ana, "vault", private=True)
    value = access_token(hub, bob)
    assert len(asked_by(hub, value)) == 1
    bob = shared(hub, ana, repo, bob, Role.READ)
    heard = asked_by(hub, value)
    assert len(heard) == 2
    for statement in heard:
        with hub.database.reading() as db:
            plan = str(db.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}").all())
        assert "SCAN" not in plan.replace("SCAN CONSTANT ROW", "").replace("SCAN agreement", "")
    assert len(questions(hub, bob, repo)) == 2  # the repo and the ref, as of one's own
    assert len(questions(hub, ana, repo)) == 2


@pytest.mark.parametrize("value", ["", "ya29.junk", "api_org_" + "a" * 34, "hf_x", "hf_" * 100])
def test_what_can_be_no_token_asks_nothing(hub: Hub, value: str) -> None:
    with listening(hub, ANONYMOUS) as (call, heard):
        assert recognising.actor_for_token(call.db, hub, value) is None
        assert heard == []
        assert recognising.actor_for_token(call.db, hub, values.fresh_value()) is None
        assert len(heard) == 2
