"""Repos and accounts that people watch, and repos they mute.

Whether somebody may know of a repo is not asked here: those who write to them ask it again anyway,
for each piece of news.
"""

from __future__ import annotations

import sqlalchemy as sa

from strata.accounts.notices.tables import heeded_repos, watched_accounts
from strata.accounts.tables import users
from strata.core.call import Call, Work
from strata.events.facts import Owned
from strata.lib.db.statements import upsert


def watchers(call: Call, repo: Owned) -> set[int]:
    """Who wants to hear of everything in a repo.

    That is who watches it or the account it belongs to, and the person to whom it belongs; but
    nobody who muted it.
    """
    repo_id = repo.id
    watching = sa.union(
        sa.select(heeded_repos.c.user_id).where(
            heeded_repos.c.repo_id == repo_id, sa.not_(heeded_repos.c.muted)
        ),
        sa.select(watched_accounts.c.user_id).where(
            watched_accounts.c.namespace_id == repo.owner_id
        ),
        sa.select(users.c.id).where(users.c.id == repo.owner_id),
    )
    deaf = sa.select(heeded_repos.c.user_id).where(
        heeded_repos.c.repo_id == repo_id, heeded_repos.c.muted
    )
    return set(call.db.scalars(watching)) - set(call.db.scalars(deaf))


def watches(call: Call, user_id: int, repo_id: int) -> bool | None:
    """Whether somebody watches a repo (True), muted it (False), or neither (None)."""
    muted: bool | None = call.db.scalar(
        sa.select(heeded_repos.c.muted).where(
            heeded_repos.c.repo_id == repo_id, heeded_repos.c.user_id == user_id
        )
    )
    return None if muted is None else not muted


def watches_account(call: Call, user_id: int, namespace_id: int) -> bool:
    """Whether somebody watches all that an account has."""
    return bool(
        call.db.scalar(
            sa.select(watched_accounts.c.user_id).where(
                watched_accounts.c.namespace_id == namespace_id,
                watched_accounts.c.user_id == user_id,
            )
        )
    )


def heed(work: Work, user_id: int, repo_id: int, *, muted: bool) -> None:
    """Watch a repo, or mute it: the one ends the other."""
    values = {"muted": muted, "since": work.now}
    fresh = upsert(work.db, heeded_repos).values(repo_id=repo_id, user_id=user_id, **values)
    work.db.execute(fresh.on_conflict_do_update(index_elements=["repo_id", "user_id"], set_=values))


def ignore(work: Work, user_id: int, repo_id: int) -> None:
    """Neither watch nor mute a repo any more."""
    work.db.execute(
        sa.delete(heeded_repos).where(
            heeded_repos.c.repo_id == repo_id, heeded_repos.c.user_id == user_id
        )
    )


def watch_account(work: Work, user_id: int, namespace_id: int) -> None:
    """Watch all that an account has, now and later."""
    fresh = upsert(work.db, watched_accounts).values(
        namespace_id=namespace_id, user_id=user_id, since=work.now
    )
    work.db.execute(fresh.on_conflict_do_nothing())


def ignore_account(work: Work, user_id: int, namespace_id: int) -> None:
    """Watch an account no longer."""
    work.db.execute(
        sa.delete(watched_accounts).where(
            watched_accounts.c.namespace_id == namespace_id,
            watched_accounts.c.user_id == user_id,
        )
    )
