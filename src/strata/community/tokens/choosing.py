"""Which repos somebody may name in a token: found while they type (product §2.2 P10)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import sqlalchemy as sa

from strata.access.policy.persons import require_person
from strata.access.policy.verbs import Action
from strata.access.visibility import readable
from strata.core.call import Call
from strata.core.errors import StrataError
from strata.core.names import RepoId, RepoType
from strata.credentials.tokens.owned import require_session
from strata.repos.lookup import followed
from strata.repos.record import Repo
from strata.repos.tables import repos

MOST: Final = 10


def seen(call: Call, repo_ids: Iterable[RepoId]) -> dict[RepoId, Repo]:
    """Those of these repos that the caller may know of."""
    found = {}
    for repo_id in repo_ids:
        try:
            found[repo_id] = followed(call, repo_id, Action.LOOK)
        except StrataError:
            continue
    return found


def near(
    call: Call, kinds: Iterable[RepoType], words: Iterable[str], owner: str = ""
) -> list[Repo]:
    """The repos on which the caller works and which they may read: theirs first.

    Args:
        words: every one must occur in `owner/name`; case does not matter.
        owner: only of this namespace.

    Raises:
        Unauthenticated, EmailNotVerified, Forbidden: as `access.policy.require_person`.
    """
    require_person(call.actor, "create tokens")
    require_session(call.actor)
    actor = call.actor
    mine = [actor.user_id, *sorted(actor.roles)]
    near: sa.ColumnElement[bool] = repos.c.owner_id.in_(mine)
    if actor.shares:
        near = sa.or_(near, repos.c.id.in_(sorted(actor.shares)))
    named = [repos.c.path_key.contains(word.casefold(), autoescape=True) for word in words]
    if owner:
        named.append(repos.c.path_key.startswith(f"{owner.casefold()}/", autoescape=True))
    columns: list[sa.ColumnElement[Any]] = [repos.c[name] for name in Repo.__dataclass_fields__]
    rows = call.db.execute(
        sa.select(*columns)
        .where(near, readable(actor, repos), repos.c.deleted_at.is_(None), *named)
        .where(repos.c.type.in_([kind.value for kind in kinds]))
        .order_by(repos.c.owner_id != actor.user_id, repos.c.path_key, repos.c.type)
        .limit(MOST)
    )
    return [Repo(**{**row, "type": RepoType(row["type"])}) for row in rows.mappings()]
