"""The first argument says what may happen.

`Call` (the hub, who asks, a connection that can only read) is enough to read. `Work` is a call
inside one transaction: all or nothing; it never streams and never waits on the network. A function
that writes takes a `Work`, so mypy refuses a write from a `Call`. Long acts (hashing, building git
objects) happen before `working(call)` opens the transaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.engine import Connection

from strata.core.actor import SYSTEM, Actor
from strata.core.hub import Hub


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from, for audit facts and links."""

    base_url: str = ""  # scheme://host[/prefix] that the caller used; no trailing slash
    ip: str = ""
    user_agent: str = ""
    request_id: str = ""
    language: str = "en"  # of the person who reads the answer


@dataclass(frozen=True, slots=True)
class Call:
    """One request or job that reads."""

    hub: Hub
    actor: Actor
    db: Connection
    origin: Origin = Origin()

    @property
    def now(self) -> datetime:
        return self.hub.clock()


@dataclass(frozen=True, slots=True)
class Work(Call):
    """A call inside one transaction."""

    queued: set[str] = field(default_factory=set)  # kinds of the jobs that were written in it


@contextmanager
def working(call: Call) -> Iterator[Work]:
    """Open the one transaction of an act; leaving it without an error commits."""
    with call.hub.database.writing() as db:
        work = Work(call.hub, call.actor, db, call.origin)
        yield work
    if work.queued:
        call.hub.job_written.ring(work.queued)


@contextmanager
def reading(hub: Hub, actor: Actor = SYSTEM, origin: Origin = Origin()) -> Iterator[Call]:
    """Open a call outside of any request: jobs, operator commands, tests."""
    with hub.database.reading() as db:
        yield Call(hub, actor, db, origin)
