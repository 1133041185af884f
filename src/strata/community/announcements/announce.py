"""Tell everybody something: in the inbox, and by mail those who asked for that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from strata.accounts import people
from strata.accounts.notices.choices import Kind, Wanted, wanted
from strata.accounts.notices.times import Times, hours_of, until_end
from strata.accounts.notices.unsubscribing import address
from strata.accounts.tables import users
from strata.community.announcements.tables import announcements
from strata.community.inbox import entries
from strata.community.inbox.record import News, Reason, Topic
from strata.community.telling.audience import open_among
from strata.core.call import Call, Work, working
from strata.core.errors import Malformed, NotFound
from strata.credentials.tokens.leaked.showing import require_none
from strata.events.facts import record
from strata.events.jobs import enqueue
from strata.events.letters import CHINESE, Wording, letter, page
from strata.events.outbox import post

LANGUAGES: Final = ("en", CHINESE)
LONGEST: Final = 20_000  # characters of a text
LONGEST_TITLE: Final = 150
PEOPLE_AT_ONCE: Final = 200
EVENT: Final = "admin.announce"


@dataclass(frozen=True, slots=True)
class Announcement:
    """One announcement; texts and titles by language."""

    id: int
    at: datetime
    texts: Mapping[str, str]

    def title(self, language: str) -> str:
        """The heading, in English where the language has no text of its own."""
        return _title(self.text(language))

    def body(self, language: str) -> str:
        """What stands below the heading."""
        return self.text(language).strip().partition("\n")[2].strip()

    def text(self, language: str) -> str:
        return self.texts.get(language) or self.texts[LANGUAGES[0]]


def announce(work: Work, texts: Mapping[str, str]) -> int:
    """Tell everybody; returns the id of the announcement.

    Args:
        texts: Markdown by language, all of `LANGUAGES`; the first line is the heading.

    Raises:
        Malformed: a text is missing, is too long, or has no heading with a text below.
    """
    for language in LANGUAGES:
        text = texts.get(language, "").strip()
        title, _, body = text.partition("\n")
        if not _title(text) or not body.strip():
            raise Malformed(f"Begin each text ({language}) with a heading; the news stands below.")
        if len(text) > LONGEST or len(title) > LONGEST_TITLE:
            raise Malformed(
                f"A text has at most {LONGEST} characters, its heading {LONGEST_TITLE}."
            )
        require_none(work, text)
    values = {"at": work.now, "texts": {language: texts[language] for language in LANGUAGES}}
    inserted = work.db.execute(sa.insert(announcements).values(**values))
    (announcement_id,) = inserted.inserted_primary_key or (0,)
    record(work, EVENT, target=_title(texts[LANGUAGES[0]]))
    enqueue(work, TellEverybody(announcement_id))
    return int(announcement_id)


def announcement(call: Call, announcement_id: int) -> Announcement:
    """One announcement.

    Raises:
        NotFound: there is none of this id.
    """
    wanted_one = announcements.c.id == announcement_id
    row = call.db.execute(sa.select(announcements).where(wanted_one)).first()
    if row is None:
        raise NotFound("There is no such announcement.")
    return Announcement(row.id, row.at, row.texts)


@dataclass(frozen=True, slots=True)
class TellEverybody:
    """Carry one announcement to all who had an account then; run again, it goes on where it was."""

    kind: ClassVar[str] = "announcements.tell"
    announcement_id: int

    def run(self, call: Call) -> None:
        told = announcement(call, self.announcement_id)
        more = True
        while more:
            with working(call) as work:
                more = _tell_some(work, told)


def _tell_some(work: Work, told: Announcement) -> bool:
    """Tell the next ones, and note how far it came in the same transaction."""
    here = announcements.c.id == told.id
    # Locked: of two processes that run this, each goes on from where the other came.
    reached = work.db.scalar(sa.select(announcements.c.reached).where(here).with_for_update())
    next_ones = sa.select(users.c.id).where(users.c.id > reached, users.c.created_at <= told.at)
    ids = list(work.db.scalars(next_ones.order_by(users.c.id).limit(PEOPLE_AT_ONCE)))
    if not ids:
        return False
    ways = wanted(work, Kind.ANNOUNCEMENT, open_among(work, ids))
    _into_inboxes(work, told, {one: how for one, how in ways.items() if how.web})
    hours = hours_of(work, list(ways))
    for user_id, how in ways.items():
        if how.mail:
            _mail(work, told, user_id, hours[user_id])
    work.db.execute(sa.update(announcements).where(here).values(reached=ids[-1]))
    return True


def _into_inboxes(work: Work, told: Announcement, ways: Mapping[int, Wanted]) -> None:
    titles = {language: told.title(language) for language in LANGUAGES}
    news = News(
        thread=f"{Topic.ANNOUNCEMENT}:{told.id}",
        topic=Topic.ANNOUNCEMENT,
        event=EVENT,
        fact_id=0,  # nothing ever follows in its thread
        at=told.at,
        detail={"announcement": told.id, "titles": titles},
    )
    web = {one: Wanted(web=True, mail=False) for one in ways}  # the mail is written here
    entries.tell(work, news, Reason.EVERYBODY, web)


def _mail(work: Work, told: Announcement, user_id: int, hours: tuple[Times, ZoneInfo]) -> None:
    user = people.by_id(work, user_id)
    if user is None:
        return
    stop = address(work, user_id, [Kind.ANNOUNCEMENT])
    link = page(work, path_of(told.id))
    wordings = {language: _wording(told, language) for language in LANGUAGES}
    quiet, zone = hours[0].quiet, hours[1]
    wait: dict[str, Any] = {"after": until_end(quiet, work.now, zone)} if quiet else {}
    post(work, letter(people.reader(user), wordings, link, unsubscribe=stop), **wait)


def _wording(told: Announcement, language: str) -> Wording:
    paragraphs = tuple(part.strip() for part in told.body(language).split("\n\n") if part.strip())
    chinese = language == CHINESE
    return Wording(
        subject=told.title(language),
        before=paragraphs,
        link_text="在网站上查看" if chinese else "Read it on the site",
    )


def path_of(announcement_id: object) -> str:
    """Where an announcement can be read."""
    return f"/notifications/announcements/{announcement_id}"


def _title(text: str) -> str:
    words = text.strip().partition("\n")[0].lstrip("#").split()
    return "".join(mark for mark in " ".join(words) if mark.isprintable())
