"""What a search for something to watch finds: people, organizations and repositories."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from strata.accounts.naming import names
from strata.accounts.notices import heeding
from strata.community.watching import queries
from strata.core.call import Call
from strata.core.names import RepoType
from strata.repos.record import Repo
from strata.search.listing import listing
from strata.search.query import Query
from strata.web.pages.frame.visit import user_id_of

OF_A_KIND: Final = 5


@dataclass(frozen=True, slots=True)
class FoundAccount:
    """A person or an organisation."""

    name: str
    kind: str  # a `names.Kind`
    watched: bool


@dataclass(frozen=True, slots=True)
class FoundRepo:
    """A repo that the caller may see."""

    repo: Repo
    watched: bool | None  # False: muted; None: neither


@dataclass(frozen=True, slots=True)
class Found:
    """All that was found."""

    accounts: tuple[FoundAccount, ...]
    repos: tuple[FoundRepo, ...]


def search(call: Call, words: str) -> Found:
    """Accounts whose names begin like this and repos in whose ids the words stand."""
    user_id = user_id_of(call)
    begun = names.beginning(call, words, 2 * OF_A_KIND)
    known = names.known_among(call, (one.id for one in begun))
    accounts = tuple(
        FoundAccount(one.name, one.kind, heeding.watches_account(call, user_id, one.id))
        for one in [one for one in begun if one.id in known][:OF_A_KIND]
    )
    found = [repo for kind in RepoType for repo in _repos(call, kind, words)]
    heeded = queries.heeded_among(call, user_id, [repo.key for repo in found])
    return Found(accounts, tuple(FoundRepo(repo, heeded.get(repo.key)) for repo in found))


def _repos(call: Call, kind: RepoType, words: str) -> list[Repo]:
    query = Query(type=kind, search=tuple(words.split()), limit=OF_A_KIND, heavy=frozenset())
    return [row.repo for row in listing(call, query).rows]
