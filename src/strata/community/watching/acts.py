"""Watch a repo or an account, mute a repo, or stop; doing any of it twice is fine."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from strata.access.policy.persons import require_writer
from strata.access.policy.verbs import Action
from strata.accounts import people
from strata.accounts.naming import names
from strata.accounts.notices import heeding
from strata.community.watching import queries
from strata.core.call import Work
from strata.core.errors import Conflict, NotFound
from strata.core.names import RepoId
from strata.core.permissions import Permission
from strata.repos.lookup import followed
from strata.repos.record import Repo

ACT: Final = "watch and mute repositories"
MOST_ACCOUNTS: Final = 500
MOST_REPOS: Final = 5_000


class Heed(StrEnum):
    """How much somebody wants to hear of a repo."""

    WATCH = "watch"  # everything
    MUTE = "mute"  # nothing but what names them
    STOP = "stop"  # what they take part in, as of any other


def heed_repo(work: Work, repo_id: RepoId, heed: Heed) -> Repo:
    """Watch a repo, mute it, or neither any more.

    Raises:
        Unauthenticated, EmailNotVerified, Forbidden: as `access.policy.persons.require_writer`.
        RepoNotFound: no such repo, or one the caller may not know of.
        Conflict: thousands are watched and muted already.
    """
    user_id = _person(work)
    repo = followed(work, repo_id, Action.LOOK)
    if heed is Heed.STOP:
        heeding.ignore(work, user_id, repo.id)
        return repo
    known = heeding.watches(work, user_id, repo.id) is not None
    if not known and queries.count_repos(work, user_id) >= MOST_REPOS:
        raise Conflict(f"At most {MOST_REPOS} repositories can be watched and muted.")
    heeding.heed(work, user_id, repo.id, muted=heed is Heed.MUTE)
    return repo


def heed_account(work: Work, name: str, *, watch: bool) -> names.Namespace:
    """Watch all that a person or an organisation has, or no longer.

    Raises:
        Unauthenticated, EmailNotVerified, Forbidden: as `access.policy.persons.require_writer`.
        NotFound: nobody has this name.
        Conflict: hundreds are watched already.
    """
    user_id = _person(work)
    account = names.known(work, name)
    if account is None:
        raise NotFound("There is nobody of this name.")
    if not watch:
        heeding.ignore_account(work, user_id, account.id)
        return account
    if queries.count_accounts(work, user_id) >= MOST_ACCOUNTS:
        raise Conflict(f"At most {MOST_ACCOUNTS} people and organizations can be watched.")
    heeding.watch_account(work, user_id, account.id)
    return account


def _person(work: Work) -> int:
    """Who asks; of two acts of theirs at once the second one counts what the first one did."""
    user_id = require_writer(work.actor, ACT, Permission.SETTINGS_WRITE)
    people.locked(work, user_id)
    return user_id
