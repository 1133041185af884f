"""Whom a piece of news may concern, and which of them may know of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import sqlalchemy as sa

from strata.access.policy.seeing import may_see
from strata.accounts.notices import choices
from strata.accounts.notices.choices import GATHERED, Kind, Wanted
from strata.accounts.tables import users
from strata.community.discussions.entries import COMMENT
from strata.community.discussions.queries import names_among
from strata.community.discussions.tables import discussion_edits, discussion_events, discussions
from strata.core.actor import Standing
from strata.core.call import Call
from strata.organizations.collaborators.shares import stand_in
from strata.organizations.collaborators.tables import collaborators
from strata.organizations.tables import memberships
from strata.repos.record import Repo

AT_ONCE: Final = 500  # people of one query


def participants(call: Call, discussion_id: int) -> set[int]:
    """Who opened a discussion or answered in it."""
    opened = sa.select(discussions.c.author_id).where(discussions.c.id == discussion_id)
    here = sa.and_(
        discussion_events.c.discussion_id == discussion_id, discussion_events.c.kind == COMMENT
    )
    answered = sa.select(discussion_events.c.author_id).where(here)
    return set(call.db.scalars(opened.union(answered)))


def named_before(call: Call, event_key: str, fact: sa.Row[object]) -> set[int]:
    """Whom a comment named before the edit that a fact tells of: they have heard of it."""
    earlier = (
        sa.select(discussion_edits.c.content)
        .join(discussion_events, discussion_events.c.id == discussion_edits.c.event_id)
        .where(discussion_events.c.key == event_key, discussion_edits.c.written_at < fact.at)
    )
    marks = {mark for content in call.db.scalars(earlier) for mark in content.get("marks", ())}
    return set(names_among(call, [mark[1:] for mark in marks if mark.startswith("@")]).values())


def who_may_know(call: Call, repo: Repo | None, people: Iterable[int]) -> list[int]:
    """Those who may know of a repo, as they are now; everybody where it is about none."""
    everybody = sorted(set(people))
    if repo is None or not repo.private:
        return everybody
    close = _close_to(call, repo)
    return [one for one in everybody if one in close and may_see(stand_in(call, one), repo)]


def reachable(call: Call, kind: Kind, people: list[int]) -> Mapping[int, Wanted]:
    """How those of some people who want to hear of a kind, and whose accounts are open, do.

    A mail is due only for what is gathered from the inbox: the others are written elsewhere.
    """
    gathered = kind in GATHERED
    wanted = choices.wanted(call, kind, open_among(call, people))
    heard = {one: Wanted(how.web, how.mail and gathered) for one, how in wanted.items()}
    return {one: how for one, how in heard.items() if how.web or how.mail}


def few(people: list[int]) -> Iterator[list[int]]:
    """So many at once that one transaction takes little time, however many watch a repo."""
    return (people[at : at + AT_ONCE] for at in range(0, len(people), AT_ONCE))


def open_among(call: Call, people: list[int]) -> list[int]:
    """Those whose accounts are confirmed and open, who alone are told anything."""
    suspended = sa.and_(
        users.c.standing == Standing.SUSPENDED.value, users.c.standing_until <= call.now
    )
    active = sa.or_(users.c.standing == Standing.ACTIVE.value, suspended)
    confirmed = users.c.verified_at.is_not(None)
    return list(
        call.db.scalars(sa.select(users.c.id).where(users.c.id.in_(people), confirmed, active))
    )


def _close_to(call: Call, repo: Repo) -> set[int]:
    """Those among whom everybody is who may know of a private repo."""
    inside = memberships.c.organization_id == repo.owner_id
    members = sa.select(memberships.c.user_id).where(inside)
    outside = sa.select(collaborators.c.user_id).where(collaborators.c.repo_id == repo.id)
    return {repo.owner_id, *call.db.scalars(members.union(outside))}
