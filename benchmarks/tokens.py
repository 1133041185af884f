"""What it costs to learn who a token speaks for: the one step that every request takes."""

import time
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType

from sqlalchemy.engine import Connection

from benchmarks.outcome import Outcome
from fixtures.accounts import calling, made
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.organizations import organization
from strata.core.actor import Grants, TokenRole
from strata.core.call import working
from strata.core.hub import Hub
from strata.credentials.tokens import making
from strata.credentials.tokens.making import Terms
from strata.credentials.tokens.presented import recognising

ROUNDS = 4_000
TIMES = 5  # the least counts: whatever else the machine does only adds
ORGANIZATIONS = 3
TARGET_US = 60.0


def measured(folder: Path) -> Iterator[Outcome]:
    """A member of three organisations; a write token, and one that names fifty repos."""
    hub = build_test_hub(folder / "data", clock=FrozenClock(), database_url=None)
    alice = made(hub, "alice")
    grants = Grants(
        namespaces={alice.user_id or 0: frozenset({"repo.content.read"})},
        repos={number: frozenset({"repo.write", "discussion.write"}) for number in range(50)},
    )
    for number in range(ORGANIZATIONS):
        organization(hub, "alice", f"org-{number}")
    with calling(hub, alice) as call, working(call) as work:
        wide = making.create(work, "wide", TokenRole.WRITE).value
        fine = making.create(work, "fine", TokenRole.FINE_GRAINED, Terms(grants)).value
    with hub.database.reading() as db:
        for what, value in MappingProxyType({"write": wide, "fine-grained": fine}).items():
            recognising.actor_for_token(db, hub, value)
            spent = min(_spent(db, hub, value) for _ in range(TIMES))
            yield Outcome(f"who a {what} token speaks for, CPU", spent, TARGET_US, "µs")
    hub.database.close()


def _spent(db: Connection, hub: Hub, value: str) -> float:
    """Microseconds of CPU for each of many times."""
    began = time.process_time()
    for _ in range(ROUNDS):
        recognising.actor_for_token(db, hub, value)
    return (time.process_time() - began) * 1e6 / ROUNDS
