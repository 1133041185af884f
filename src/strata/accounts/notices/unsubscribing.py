"""Stop mails with one click, without logging in (RFC 8058).

The address in a mail carries a ticket that says whose mails of which kinds it stops. It opens
nothing else, tells nothing of its person, and looking at it changes nothing: mailboxes look at the
links of a mail before its reader does.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from strata.accounts import people
from strata.accounts.notices.choices import ALWAYS, Kind, Wanted, choices_of, choose
from strata.core.call import Call, Work
from strata.events.letters import page

LIFE: Final = timedelta(days=2 * 365)  # who finds an old mail can still stop the next one
LONGEST: Final = 400  # characters of a ticket
PATH: Final = "/settings/notifications/unsubscribe"
_PURPOSE: Final = "notices.unsubscribe"


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a link stops."""

    user_id: int
    kinds: tuple[Kind, ...]


def address(call: Call, user_id: int, kinds: Collection[Kind]) -> str:
    """Where somebody stops mails of these kinds; empty where the hub does not know its address.

    Kinds that cannot be switched off are left out.
    """
    stopped = sorted(set(kinds) - ALWAYS)
    if not stopped:
        return ""
    claims = (user_id, [kind.value for kind in stopped])
    ticket = call.hub.secrets.sign(_PURPOSE, claims, expires=call.now + LIFE)
    return page(call, f"{PATH}/{ticket}")


def read(call: Call, ticket: str) -> Ticket | None:
    """What a ticket stops; None when it is forged, too old, or its account is gone."""
    claims = call.hub.secrets.verify(
        _PURPOSE, ticket[:LONGEST], tuple[int, list[str]], now=call.now
    )
    if claims is None:
        return None
    user = people.by_id(call, claims[0])
    if user is None:
        return None
    kinds = tuple(Kind(word) for word in claims[1] if word in list(Kind))
    return Ticket(user.id, kinds) if kinds else None


def sends(call: Call, ticket: Ticket) -> bool:
    """Whether there is still something to stop."""
    chosen = choices_of(call, ticket.user_id)
    return any(chosen[kind].mail for kind in ticket.kinds if kind not in ALWAYS)


def stop(work: Work, ticket: Ticket) -> None:
    """Send no more mails of these kinds; the inbox goes on as it was. Twice is fine."""
    chosen = choices_of(work, ticket.user_id)
    stopped = {kind: Wanted(web=chosen[kind].web, mail=False) for kind in ticket.kinds}
    choose(work, ticket.user_id, stopped)
