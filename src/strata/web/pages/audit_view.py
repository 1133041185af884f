"""The audit log on a page: what is asked for, and lines as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from starlette.requests import Request

from strata.access.audit import Told
from strata.accounts import people
from strata.core.call import Call
from strata.core.errors import Malformed
from strata.core.hub import Hub
from strata.events.audit.listing import Entry
from strata.events.audit.narrowing import KINDS, Filter
from strata.events.facts import By
from strata.lib.db.seek import Page
from strata.sessions.signed_in.browsers import family_of
from strata.web.pages.forms.seeking import address_of
from strata.web.pages.words.audit import KINDS as KIND_NAMES, TYPES, name_of
from strata.web.pages.words.changes import told_of
from strata.web.pages.words.language import N_, translated

PER_PAGE: Final = 50
LONGEST_TARGET: Final = 200
BAD_DATE: Final = N_("Write a date as year-month-day, such as 2026-11-26.")
_NOBODY: Final = 0  # an id that no account has


@dataclass(frozen=True, slots=True)
class Asked:
    """The filter as it stands in the address."""

    kind: str
    since: str  # "2026-11-26"
    until: str  # the last day that is included
    actor: str
    target: str
    event: str = ""  # a type, such as "repo.push"

    def filter(self, actor_id: int | None = None) -> Filter:
        """What the room is asked.

        Raises:
            Malformed: a date is none.
        """
        since, until = _day(self.since), _day(self.until)
        return Filter(
            kind=self.kind,
            since=since,
            until=until + timedelta(days=1) if until else None,
            actor_id=actor_id,
            target=self.target,
            type=self.event,
        )

    @property
    def query(self) -> Mapping[str, str]:
        """The filter as it goes into an address."""
        given = {
            "kind": self.kind,
            "from": self.since,
            "to": self.until,
            "actor": self.actor,
            "target": self.target,
            "event": self.event,
        }
        return {name: value for name, value in given.items() if value}


@dataclass(frozen=True, slots=True)
class Line:
    """One entry as a page shows it."""

    at: datetime
    what: str
    type: str
    failed: bool
    who: str  # name, or what it was
    person: bool  # `who` names an account
    how: str  # by what it was done, where it was not by them in a browser
    target: str
    detail: str
    browser: str
    ip: str
    place: str  # where that is, as far as the site knows


@dataclass(frozen=True, slots=True)
class Lines:
    """One page of the log."""

    lines: tuple[Line, ...]
    after: str  # `?after=` of the next page; empty on the last


def asked(request: Request) -> Asked:
    """Read the filter from the address; a kind that we do not know is none."""
    query = request.query_params
    kind = query.get("kind", "")
    return Asked(
        kind=kind if kind in KINDS else "",
        since=query.get("from", ""),
        until=query.get("to", ""),
        actor=query.get("actor", "").strip()[:LONGEST_TARGET].replace("\0", ""),
        target=query.get("target", "").strip()[:LONGEST_TARGET].replace("\0", ""),
        event=query.get("event", "").strip()[:LONGEST_TARGET].replace("\0", ""),
    )


def filter_of(call: Call, wanted: Asked) -> Filter:
    """What the room is asked, of a reader who may name an actor; nobody did what no account did.

    Raises:
        Malformed: a date is none.
    """
    if not wanted.actor:
        return wanted.filter()
    person = people.by_name(call, wanted.actor)
    return wanted.filter(person.id if person else _NOBODY)


def types() -> list[str]:
    """The events that can be asked for one by one."""
    return sorted(TYPES)


def kinds(language: str, *wanted: str) -> list[tuple[str, str]]:
    """The choices of the filter."""
    every = [("", translated(language, N_("Everything")))]
    return every + [(kind, translated(language, KIND_NAMES[kind])) for kind in wanted]


def lines_of(hub: Hub, language: str, page: Page[Told]) -> Lines:
    """Put a page of the log into words."""
    return Lines(tuple(_line(hub, language, told) for told in page.rows), address_of(page.last))


def _line(hub: Hub, language: str, told: Told) -> Line:
    entry = told.entry
    place = hub.place_of(entry.ip)
    return Line(
        at=entry.at,
        what=name_of(language, entry.type),
        type=entry.type,
        failed=entry.result == "failure",
        who=told.actor or translated(language, _who(entry)),
        person=told.actor is not None,
        how=_how(language, told),
        target=entry.target or "",
        detail=told_of(language, entry.type, entry.detail),
        browser=family_of(entry.user_agent) if entry.user_agent else "",
        ip=entry.ip,
        place=place.called(language) if place else "",
    )


def _how(language: str, told: Told) -> str:
    """What did it in their name; an application is known from then on, a token as long as it is."""
    match told.entry.actor_kind:
        case By.TOKEN if told.token:
            return translated(language, N_("with the access token %(name)s"), name=told.token)
        case By.TOKEN:
            return translated(language, N_("with an access token"))
        case By.APPLICATION:
            program = told.entry.detail.get("application", "—")
            return translated(language, N_("through the application %(name)s"), name=program)
        case By.PUBLISHER:
            return translated(language, N_("by a CI/CD job"))
        case By.ADMIN:
            return translated(language, N_("as administrator"))
        case _:
            return ""


def _who(entry: Entry) -> str:
    """Who it was when no account bears the act."""
    if entry.actor_kind == By.SYSTEM:
        return N_("This site")
    return N_("A stranger") if entry.actor_kind == By.NOBODY else N_("A deleted account")


def _day(text: str) -> datetime | None:
    if not text:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise Malformed(BAD_DATE) from error
