"""Log-ins by password that wait for a link by mail, from browsers that the account does not know.

A log-in waits in one browser, opens nothing, and goes on in that browser only: whoever has the
link alone, or the browser alone, has nothing. A link works once, for ten minutes, and dies
with a new password and every change of the account's addresses.

Nobody's log-ins wait too. Where an account is under attack, a wrong password gets the same answer
for the same work as the right one, so that the answer does not tell which it was.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any, ClassVar, Final

import sqlalchemy as sa

from strata.accounts import confirmed, limits, people
from strata.accounts.mailboxes import links
from strata.accounts.profile import clocks
from strata.core.call import Call, Origin, Work, working
from strata.core.errors import NotFound
from strata.core.hub import Hub
from strata.events import outbox
from strata.events.facts import record
from strata.events.jobs import enqueue
from strata.events.letters import Reader, page
from strata.sessions.signed_in import letters
from strata.sessions.signed_in.browsers import family_of
from strata.sessions.signed_in.tables import waiting_log_ins

LIFE: Final = timedelta(minutes=10)  # the most that ASVS 6.5.5 lets such a link live
LONGEST: Final = 128  # characters of a cookie
_PURPOSE: Final = "login.waiting"
OVER: Final = "This link can no longer be used. Log in again."


@dataclass(frozen=True, slots=True)
class Waiting:
    """What the browser holds whose log-in waits; both values come from its cookies."""

    value: str = field(repr=False)
    browser: str = field(repr=False)  # the cookie that its forms belong to


class Outcome(StrEnum):
    """What a POST of a link would do."""

    READY = "ready"
    ELSEWHERE = "elsewhere"  # the log-in waits in another browser
    OVER = "over"


@dataclass(frozen=True, slots=True)
class SendLogInLink:
    """Send the link of a log-in that waits, if it is somebody's."""

    kind: ClassVar[str] = "accounts.log_in_link"
    digest: str
    base_url: str
    ip: str
    user_agent: str
    request_id: str

    def run(self, call: Call) -> None:
        origin = Origin(self.base_url, self.ip, self.user_agent, self.request_id)
        with working(replace(call, origin=origin)) as work:
            user = _unsent(work, self.digest)
            if user is not None:
                _send(work, self.digest, user)


def begin(work: Work, user: people.User | None, *, forms: str, remember: bool) -> Waiting:
    """Let a log-in wait, and have the link sent.

    Args:
        user: as they were when the password was compared; None: nobody's; the same is done, and no
            mail is sent.
        forms: the cookie that the forms of the browser belong to.
    """
    value, origin = secrets.token_urlsafe(32), work.origin
    digest = _digest(work.hub, value)
    work.db.execute(
        sa.insert(waiting_log_ins).values(
            digest=digest,
            user_id=user.id if user else None,
            browser=_digest(work.hub, _bound(forms, user)),
            remember=remember,
            expires_at=work.now + LIFE,
        )
    )
    enqueue(
        work,
        SendLogInLink(digest, origin.base_url, origin.ip, origin.user_agent, origin.request_id),
    )
    return Waiting(value, forms)


def look(call: Call, link: str, held: Waiting) -> Outcome:
    """Say what a POST of the link would do in this browser; changes nothing."""
    row = _by_link(call, link)
    if row is None:
        return Outcome.OVER
    user = people.by_id(call, row.user_id)
    return Outcome.READY if _is_of(call.hub, row, held, user) else Outcome.ELSEWHERE


def use(work: Work, link: str, held: Waiting) -> tuple[people.User, bool]:
    """Use the link up: whose log-in it was, and whether the browser is to be remembered.

    Raises:
        NotFound: it is over, was used, another password was chosen since, or the log-in waits in
            another browser, where it goes on waiting.
    """
    row = _by_link(work, link)
    if row is None:
        raise NotFound(OVER)
    people.locked(work, row.user_id)  # whoever chooses another password waits, or did so
    user = people.by_id(work, row.user_id)
    if not _is_of(work.hub, row, held, user):
        raise NotFound(OVER)
    mine = sa.delete(waiting_log_ins).where(waiting_log_ins.c.digest == row.digest)
    if work.db.execute(mine).rowcount == 0 or user is None:
        raise NotFound(OVER)
    return user, row.remember


def forget(work: Work, user_id: int) -> None:
    """Let no log-in of an account wait any more."""
    work.db.execute(sa.delete(waiting_log_ins).where(waiting_log_ins.c.user_id == user_id))


def forget_all(work: Work) -> None:
    """Let no log-in of anybody wait any more."""
    work.db.execute(sa.delete(waiting_log_ins))


def forget_over(work: Work) -> None:
    """Remove those whose time is over."""
    work.db.execute(sa.delete(waiting_log_ins).where(waiting_log_ins.c.expires_at <= work.now))


def _unsent(call: Call, digest: str) -> people.User | None:
    """Whose log-in waits without a link."""
    user_id = call.db.scalar(
        sa.select(waiting_log_ins.c.user_id).where(
            waiting_log_ins.c.digest == digest,
            waiting_log_ins.c.link_digest.is_(None),
            waiting_log_ins.c.expires_at > call.now,
        )
    )
    return people.by_id(call, user_id) if user_id is not None else None


def _send(work: Work, digest: str, user: people.User) -> None:
    people.locked(work, user.id)  # else two nodes would each find room for the last mail
    key = f"login.mail:{user.id}"
    most = work.hub.settings.entering.log_in_mails_per_hour
    if limits.counted(work, key, minutes=60) >= most:
        return
    limits.note(work, key)
    link = links.fresh()
    here = sa.update(waiting_log_ins).where(waiting_log_ins.c.digest == digest)
    work.db.execute(here.values(link_digest=links.digest(work.hub, _PURPOSE, link)))
    record(work, "account.login_mailed", target=user.name, actor_id=user.id)
    where, browser = page(work, f"/login/confirm/{link}"), family_of(work.origin.user_agent)
    for reader in _readers(work, user):
        when = clocks.moment(work, user.id, work.now, reader.language)
        post = letters.log_in_link(work, reader, link=where, browser=browser, when=when)
        outbox.post(work, post)


def _readers(call: Call, user: people.User) -> list[Reader]:
    """Where the link goes: to the one address that waits for its own link, where none is sure."""
    sure = confirmed.readers(call, user)
    return sure if sure or user.address_taken else [people.reader(user)]


def _by_link(call: Call, link: str) -> sa.Row[Any] | None:
    found = sa.select(waiting_log_ins).where(
        waiting_log_ins.c.link_digest == links.digest(call.hub, _PURPOSE, link),
        waiting_log_ins.c.expires_at > call.now,
    )
    return call.db.execute(found).first()


def _is_of(hub: Hub, row: sa.Row[Any], held: Waiting, user: people.User | None) -> bool:
    """Whether a log-in waits in this browser, and for whom its password is still the one."""
    if not held.value or len(held.value) > LONGEST or len(held.browser) > LONGEST:
        return False
    mine = (_digest(hub, held.value), _digest(hub, _bound(held.browser, user)))
    return mine == (row.digest, row.browser)


def _bound(forms: str, user: people.User | None) -> str:
    """The browser, with the password that was right.

    A log-in that began while another password was chosen is there after the others were forgotten.
    Taking the account first would be slower for the right password than for a wrong one.
    """
    since = user.password_at if user else None
    return f"{forms}:{since.isoformat() if since else ''}"


def _digest(hub: Hub, value: str) -> str:
    return hub.secrets.digest(_PURPOSE, value)
