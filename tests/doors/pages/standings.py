"""Accounts that operators close, and how they stand."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime

import sqlalchemy as sa

from doors.pages.visitors import Visitor
from fixtures.accounts import calling, person
from strata.accounts.tables import users
from strata.core.actor import SYSTEM, Standing
from strata.core.call import Work, working
from strata.core.hub import Hub
from strata.membership.closing import suspend
from strata.membership.closing.suspend import Suspension

_BLOB = b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + bytes(range(32))
KEY = f"ssh-ed25519 {base64.b64encode(_BLOB).decode()} li@laptop"
FAR = datetime.max.replace(tzinfo=UTC)


def change(hub: Hub, act: Callable[[Work], object]) -> None:
    with calling(hub, SYSTEM) as call, working(call) as work:
        act(work)


def stand(hub: Hub, standing: Standing) -> None:
    mine = sa.update(users).where(users.c.id == person(hub, "li").id)
    change(hub, lambda work: work.db.execute(mine.values(standing=standing.value)))


def closed(hub: Hub, **more: object) -> None:
    wanted = Suspension("spam", **more)  # type: ignore[arg-type]  # fields of it
    change(hub, lambda work: suspend.suspend(work, person(hub, "li"), wanted))


def locked(hub: Hub) -> None:
    for _ in range(5):
        Visitor(hub).log_in("li", "Wr0ng!aaa")
