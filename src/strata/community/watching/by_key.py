"""Watch things, or stop, by the ids that programs know them by."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import sqlalchemy as sa

from strata.access.policy.persons import require_writer
from strata.accounts.tables import namespaces, users
from strata.community.watching.acts import ACT, Heed, heed_account, heed_repo
from strata.core.call import Work
from strata.core.errors import Malformed, NotFound, RepoNotFound
from strata.core.permissions import Permission
from strata.organizations.tables import organizations
from strata.repos import queries
from strata.repos.record import Repo
from strata.repos.tables import repos

MOST_AT_ONCE: Final = 500
_MISSING: Final = 'There is no {kind} of the id "{key}".'


class Kind(StrEnum):
    """What can be watched."""

    USER = "user"
    ORGANIZATION = "org"
    REPO = "repo"


@dataclass(frozen=True, slots=True)
class Named:
    """One thing."""

    kind: Kind
    key: str  # 24 hex


def change(work: Work, add: list[Named], stop: list[Named]) -> None:
    """Watch some things and stop watching others, all or nothing; doing any of it twice is fine.

    Raises:
        Unauthenticated, EmailNotVerified, Forbidden, Conflict: as `watching.acts`.
        Malformed: more than `MOST_AT_ONCE`.
        NotFound: one of them does not exist, or the caller may not know of it.
    """
    require_writer(work.actor, ACT, Permission.SETTINGS_WRITE)
    if len(add) + len(stop) > MOST_AT_ONCE:
        raise Malformed(f"Name at most {MOST_AT_ONCE} things to watch at once.")
    for things, watch in ((stop, False), (add, True)):
        for thing in things:
            _heed(work, thing, watch=watch)


def _heed(work: Work, thing: Named, *, watch: bool) -> None:
    try:
        if thing.kind is Kind.REPO:
            heed_repo(work, _repo(work, thing).repo_id, Heed.WATCH if watch else Heed.STOP)
        else:
            heed_account(work, _name(work, thing), watch=watch)
    except (RepoNotFound, NotFound) as error:
        raise _missing(thing) from error


def _repo(work: Work, thing: Named) -> Repo:
    row = work.db.execute(queries.living(repos.c.key == thing.key)).first()
    if row is None:
        raise _missing(thing)
    return queries.repo_of(row)


def _name(work: Work, thing: Named) -> str:
    table = users if thing.kind is Kind.USER else organizations
    named = sa.select(namespaces.c.name).join(table, table.c.id == namespaces.c.id)
    name: str | None = work.db.scalar(named.where(table.c.public_id == thing.key))
    if name is None:
        raise _missing(thing)
    return name


def _missing(thing: Named) -> NotFound:
    return NotFound(_MISSING.format(kind=thing.kind.value, key=thing.key))
