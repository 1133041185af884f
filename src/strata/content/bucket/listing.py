"""Which buckets there are: of one owner, as far as the caller may see them, in pages."""

from __future__ import annotations

from typing import Final

from strata.accounts.naming import names
from strata.content.bucket import queries
from strata.content.bucket.record import Bucket
from strata.core.call import Call
from strata.core.errors import Malformed, RepoNotFound
from strata.lib.db.seek import Page, Window

LONGEST_SEARCH: Final = 1000  # characters


def buckets_of(call: Call, owner: str, search: str, window: Window) -> Page[Bucket]:
    """List the buckets of a user or an organization whose names hold `search`, the newest first.

    Raises:
        RepoNotFound: nobody has that name.
        Malformed: too much to search for.
    """
    namespace = names.known(call, owner)
    if namespace is None:
        raise RepoNotFound
    if len(search) > LONGEST_SEARCH:
        raise Malformed(f'"search" may have {LONGEST_SEARCH} characters.')
    found = queries.buckets_of(call, namespace.id, search, window)
    held = queries.holdings(call, [repo.id for repo in found.rows])
    return Page(tuple(Bucket(repo, held[repo.id]) for repo in found.rows), found.last)
