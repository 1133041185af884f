"""Take along what the hub keeps of oneself: ask for it, look how far it is, fetch it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from strata.accounts import people
from strata.core.call import Call, Work, working
from strata.core.errors import AskedToday, EmailNotVerified, NotFound, Unauthenticated
from strata.core.names import fresh_key
from strata.events.facts import record
from strata.events.jobs import enqueue
from strata.lib.objects.store import pieces
from strata.membership.export.pack import PackExport, object_key
from strata.membership.export.tables import exports
from strata.sessions.signed_in.sudo import require_sudo

PAUSE: Final = timedelta(days=1)
ONCE_A_DAY: Final = "Your data can be asked for once a day."
GONE: Final = "There is no such file, or it is not yours, or its week is over."


@dataclass(frozen=True, slots=True)
class Export:
    """One copy, and how far it is."""

    key: str
    asked_at: datetime
    ready_at: datetime | None  # None: still being packed
    expires_at: datetime | None
    size: int | None  # bytes


def ask(work: Work) -> None:
    """Have a copy made of what is kept of the signed-in person; a mail tells when it is ready.

    Raises:
        Unauthenticated: nobody is signed in, or only by a token.
        EmailNotVerified: no mail would reach them.
        ProofNeeded: the session must show who sits there.
        AskedToday: they asked less than a day ago.
    """
    people.locked(work, _person(work).id)
    user = _person(work)  # as it is now: it may have been deleted meanwhile
    if user.verified_at is None:
        raise EmailNotVerified("Please confirm your email address before you export your data.")
    require_sudo(work)
    again = again_at(work, newest(work, user.id))
    if again is not None:
        wait_s = int((again - work.now).total_seconds()) + 1
        raise AskedToday(f"{ONCE_A_DAY} Try again in {wait_s} seconds.", retry_after_s=wait_s)
    key = fresh_key()
    work.db.execute(sa.insert(exports).values(key=key, user_id=user.id, asked_at=work.now))
    record(work, "account.export", target=user.name)
    enqueue(work, PackExport(key, work.origin.base_url))


def again_at(call: Call, last: Export | None) -> datetime | None:
    """From when on another copy can be asked for; None: now."""
    again = last.asked_at + PAUSE if last is not None else call.now
    return again if again > call.now else None


def newest(call: Call, user_id: int) -> Export | None:
    """The copy that a person asked for last, as long as it is there."""
    row = call.db.execute(
        _exports().where(exports.c.user_id == user_id).order_by(exports.c.id.desc()).limit(1)
    ).first()
    return _export(row) if row else None


def fetch(call: Call, key: str) -> tuple[Export, Iterator[bytes]]:
    """A copy of the signed-in person's, and its bytes, a ZIP archive.

    Raises:
        Unauthenticated: nobody is signed in, or only by a token.
        NotFound: it is not theirs, not ready, or its week is over.
    """
    user = _person(call)
    row = call.db.execute(
        _exports().where(
            exports.c.key == key, exports.c.user_id == user.id, exports.c.expires_at > call.now
        )
    ).first()
    if row is None:
        raise NotFound(GONE)
    with working(call) as work:
        record(work, "account.export_download", target=user.name)
    return _export(row), pieces(call.hub.objects, object_key(key))


def _person(call: Call) -> people.User:
    actor = call.actor
    user = people.by_id(call, actor.user_id) if actor.user_id is not None else None
    if user is None or actor.session_id is None:
        raise Unauthenticated("Log in first.")
    return user


def _exports() -> sa.Select[Any]:
    return sa.select(*(exports.c[name] for name in Export.__dataclass_fields__))


def _export(row: sa.Row[Any]) -> Export:
    values = row._mapping  # noqa: SLF001 — the documented way to read a Row by name
    return Export(**{name: values[name] for name in Export.__dataclass_fields__})
