"""All SQL about what somebody watches and mutes, as far as they may know of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from strata.access.visibility import visible
from strata.accounts.notices.tables import heeded_repos, watched_accounts
from strata.accounts.tables import namespaces
from strata.core.call import Call
from strata.core.names import RepoId, RepoType
from strata.lib.db.seek import Page, Window, page_down
from strata.repos.tables import repos

_ACCOUNTS_SHOWN: Final = 500


@dataclass(frozen=True, slots=True)
class HeededRepo:
    """A repo that somebody watches or mutes."""

    repo_id: RepoId
    since: datetime


@dataclass(frozen=True, slots=True)
class WatchedAccount:
    """A person or an organisation all of whose repos somebody watches."""

    name: str
    kind: str  # a `names.Kind`
    since: datetime


def heeded(call: Call, user_id: int, window: Window, *, muted: bool) -> Page[HeededRepo]:
    """The repos that somebody watches, or mutes, the newest choice first."""
    statement = (
        sa.select(repos.c.type, repos.c.namespace, repos.c.name, heeded_repos.c.since)
        .join(repos, repos.c.id == heeded_repos.c.repo_id)
        .where(
            heeded_repos.c.user_id == user_id,
            heeded_repos.c.muted == muted,
            repos.c.deleted_at.is_(None),
            visible(call.actor, repos),
        )
    )
    return page_down(call.db, statement, window, (heeded_repos.c.since, repos.c.id), _heeded)


def watched(call: Call, user_id: int) -> list[WatchedAccount]:
    """The accounts that somebody watches, by name."""
    rows = call.db.execute(
        sa.select(namespaces.c.name, namespaces.c.kind, watched_accounts.c.since)
        .join(namespaces, namespaces.c.id == watched_accounts.c.namespace_id)
        .where(watched_accounts.c.user_id == user_id)
        .order_by(namespaces.c.key)
        .limit(_ACCOUNTS_SHOWN)
    )
    return [WatchedAccount(row.name, row.kind, row.since) for row in rows]


def heeded_among(call: Call, user_id: int, keys: list[str]) -> dict[str, bool]:
    """Of these repos, by key, the ones somebody watches (True) or muted (False)."""
    rows = call.db.execute(
        sa.select(repos.c.key, heeded_repos.c.muted)
        .join(heeded_repos, heeded_repos.c.repo_id == repos.c.id)
        .where(repos.c.key.in_(keys), heeded_repos.c.user_id == user_id)
    )
    return {row.key: not row.muted for row in rows}


def count_repos(call: Call, user_id: int) -> int:
    """How many repos somebody watches and mutes."""
    return _count(call, sa.select(heeded_repos.c.repo_id).where(heeded_repos.c.user_id == user_id))


def count_accounts(call: Call, user_id: int) -> int:
    """How many accounts somebody watches."""
    mine = watched_accounts.c.user_id == user_id
    return _count(call, sa.select(watched_accounts.c.namespace_id).where(mine))


def _count(call: Call, statement: sa.Select[Any]) -> int:
    return call.db.scalar(sa.select(sa.func.count()).select_from(statement.subquery())) or 0


def _heeded(row: sa.Row[Any]) -> HeededRepo:
    return HeededRepo(RepoId(RepoType(row.type), row.namespace, row.name), row.since)
