"""What binds a fact into the log: a mark over what may be erased, a link over all before it.

    mark n = HMAC(key, salt n, [target, detail, ip, user agent])
    link n = HMAC(key, link n-1, [number, id, …, request id, mark n])

Erasing a person takes the personal parts and the salt away; the mark stays and the chain holds, and
nobody can try out what stood there. The key is made of the server's secret, so that whoever has the
database alone cannot make a chain that fits; whoever has both is held by a seal that was noted
elsewhere.
"""

from __future__ import annotations

import hmac
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from strata.core.hub import Hub
from strata.events.tables import facts
from strata.lib.db.columns import to_millis

_FIXED: Final = (
    "id",
    "name",
    "actor_id",
    "actor_kind",
    "token_id",
    "on_behalf_of",
    "subject_id",
    "owner_id",
    "repo_id",
    "result",
    "request_id",
)
# What happened to content, named by hashes and row ids: needed as long as the content is there.
IMPERSONAL: Final = frozenset(
    {
        "repo.content",
        "bucket.content",
        "discussion.create",
        "discussion.update",
        "discussion.delete",
        "discussion.comment.create",
        "discussion.comment.update",
    }
)


def rows_to_bind() -> sa.Select[Any]:
    """The statement of the rows that `mark_of` and `link_of` understand."""
    return sa.select(facts)


def mark_of(hub: Hub, row: sa.Row[Any], salt: str) -> str:
    """What a row says of people, hidden; 64 hex."""
    detail = None if row.name in IMPERSONAL else row.detail
    return _keyed(hub, "audit.mark", [salt, row.target, detail, row.ip, row.user_agent])


def link_of(hub: Hub, row: sa.Row[Any], *, number: int, mark: str, before: str) -> str:
    """The link of a row that has this place in the chain; 64 hex."""
    fixed = [getattr(row, name) for name in _FIXED]
    detail = row.detail if row.name in IMPERSONAL else None
    return _keyed(hub, "audit.link", [before, number, to_millis(row.at), *fixed, detail, mark])


def seal_of(hub: Hub, day: str, number: int, link: str) -> str:
    """The mark of a day's seal; 64 hex."""
    return _keyed(hub, "audit.seal", [day, number, link])


def _keyed(hub: Hub, purpose: str, value: object) -> str:
    text = msgspec.json.encode(value, order="sorted")
    return hmac.digest(hub.secrets.key(purpose), text, "sha256").hex()
