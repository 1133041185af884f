"""What people want to hear of: kinds of news by the ways they come (product §2.2 P13).

Whoever chose nothing hears in the inbox of everything. By mail they hear of what is meant for them
alone: what they are named in or take part in, requests, decisions and invitations. What comes in
numbers, such as the discussions of a repo they watch, and announcements come by mail to who asks
for it. Nobody switches off what keeps an account safe.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import sqlalchemy as sa

from strata.accounts.notices.tables import heeded_repos, notice_choices
from strata.core.call import Call, Work
from strata.events.audit.changes import changes
from strata.events.facts import Whose, record
from strata.lib.db.statements import upsert

_AT_ONCE: Final = 500  # people of one query


class Kind(StrEnum):
    """What a piece of news is about."""

    MENTION = "mention"  # somebody wrote @name
    PARTICIPATING = "participating"  # in a thread that one opened, answered or subscribed to
    WATCHED = "watched"  # in a repo that one watches
    GATE_REQUEST = "gate_request"  # somebody asks for access to what one decides about
    GATE_DECISION = "gate_decision"  # about one's own request
    INVITATION = "invitation"  # to an organisation, or to work on a repo
    SECURITY = "security"  # of the account; cannot be switched off
    ANNOUNCEMENT = "announcement"  # of those who run the hub


# Their mails are gathered from the inbox, so its rows say that one is due. The mails of the other
# kinds are written where the news is made: their rows in the inbox never ask for another one.
GATHERED: Final = frozenset({Kind.MENTION, Kind.PARTICIPATING, Kind.WATCHED})
# What an e-mail address is told only after its owner asked for it.
ASKED_FOR: Final = frozenset({Kind.WATCHED, Kind.ANNOUNCEMENT})


@dataclass(frozen=True, slots=True)
class Wanted:
    """The ways in which somebody wants to hear of a kind."""

    web: bool  # in the inbox
    mail: bool


DEFAULTS: Final[Mapping[Kind, Wanted]] = {
    kind: Wanted(web=True, mail=kind not in ASKED_FOR) for kind in Kind
}
ALWAYS: Final = frozenset({Kind.SECURITY})


def wanted(call: Call, kind: Kind, people: Sequence[int]) -> dict[int, Wanted]:
    """How each of these people wants to hear of a kind; one query for 500 of them."""
    found = dict.fromkeys(people, DEFAULTS[kind])
    if kind in ALWAYS:
        return found
    for some in _few(found):
        rows = sa.select(notice_choices).where(
            notice_choices.c.user_id.in_(some), notice_choices.c.kind == kind.value
        )
        for row in call.db.execute(rows):
            found[row.user_id] = Wanted(row.web, row.mail)
    return found


def wants_mail(call: Call, kind: Kind, user_id: int) -> bool:
    """Whether one person wants mails of a kind."""
    return wanted(call, kind, [user_id])[user_id].mail


def muted(call: Call, repo_id: int, people: Sequence[int]) -> set[int]:
    """Which of these people want to hear nothing of a repo, unless somebody names them."""
    found: set[int] = set()
    for some in _few(people):
        rows = sa.select(heeded_repos.c.user_id).where(
            heeded_repos.c.repo_id == repo_id,
            heeded_repos.c.user_id.in_(some),
            heeded_repos.c.muted,
        )
        found.update(call.db.scalars(rows))
    return found


def choices_of(call: Call, user_id: int) -> dict[Kind, Wanted]:
    """Everything that one person chose, with the defaults for the rest."""
    rows = call.db.execute(sa.select(notice_choices).where(notice_choices.c.user_id == user_id))
    chosen = {row.kind: Wanted(row.web, row.mail) for row in rows}
    return {
        kind: usual if kind in ALWAYS else chosen.get(kind.value, usual)
        for kind, usual in DEFAULTS.items()
    }


def choose(work: Work, user_id: int, choices: Mapping[Kind, Wanted]) -> None:
    """Keep what a person chose; the door made sure that it is they.

    What cannot be switched off stays on, whatever is said of it.
    """
    before = choices_of(work, user_id)
    _keep(work, user_id, choices)
    after = choices_of(work, user_id)
    if after != before:
        detail = changes(_told(before), _told(after))
        whose = Whose(subject_id=user_id)
        record(work, "account.notifications_update", detail=detail, whose=whose)


def ask_for_mails(work: Work, user_id: int) -> None:
    """Have a person mailed what nobody is mailed unasked: they ticked it when they joined."""
    _keep(work, user_id, {kind: Wanted(web=True, mail=True) for kind in sorted(ASKED_FOR)})


def _told(choices: Mapping[Kind, Wanted]) -> dict[str, object]:
    """What the audit log keeps of choices."""
    return {kind.value: {"web": one.web, "mail": one.mail} for kind, one in choices.items()}


def _keep(work: Work, user_id: int, choices: Mapping[Kind, Wanted]) -> None:
    for kind, chosen in choices.items():
        if kind in ALWAYS:
            continue
        values = {"web": chosen.web, "mail": chosen.mail}
        fresh = upsert(work.db, notice_choices).values(user_id=user_id, kind=kind.value, **values)
        work.db.execute(
            fresh.on_conflict_do_update(index_elements=["user_id", "kind"], set_=values)
        )


def _few(people: Iterable[int]) -> Iterator[list[int]]:
    everybody = sorted(set(people))
    return (everybody[at : at + _AT_ONCE] for at in range(0, len(everybody), _AT_ONCE))
