"""Who may see an attached file: whoever may see a repo in which its sender has used it.

Until then nobody but its sender knows the address. What others quote opens nothing: who could once
see a private repo must not carry its pictures out by their addresses.
"""

from __future__ import annotations

import re
from typing import Final

import sqlalchemy as sa

from strata.access.visibility import visible
from strata.community.attachments.tables import attachment_places, attachments
from strata.core.actor import ANONYMOUS
from strata.core.call import Call, Work
from strata.lib.db.statements import upsert
from strata.repos.record import Repo
from strata.repos.tables import repos

MOST: Final = 100  # files of one text
_NAMED: Final = re.compile(r"/uploads/([0-9a-f]{32})\.")


def place(work: Work, repo: Repo, text: str) -> None:
    """Note which files of the writer a text in a repo shows."""
    named = list(dict.fromkeys(_NAMED.findall(text)))[:MOST]
    if not named:
        return
    own = sa.select(attachments.c.key).where(
        attachments.c.key.in_(named), attachments.c.user_id == work.actor.user_id
    )
    for key in work.db.scalars(own).all():
        fresh = upsert(work.db, attachment_places).values(key=key, repo_id=repo.id)
        work.db.execute(fresh.on_conflict_do_nothing())


def is_shown(call: Call, key: str) -> bool:
    """Whether the caller may see a file."""
    here = attachment_places.c.key == key
    used = call.db.execute(sa.select(attachment_places.c.key).where(here).limit(1)).first()
    return used is None or _in_sight(call, key, anybody=False)


def is_public(call: Call, key: str) -> bool:
    """Whether everybody may, so that caches on the way may keep it."""
    return _in_sight(call, key, anybody=True)


def _in_sight(call: Call, key: str, *, anybody: bool) -> bool:
    seen = (
        sa.select(repos.c.id)
        .join(attachment_places, attachment_places.c.repo_id == repos.c.id)
        .where(attachment_places.c.key == key, repos.c.deleted_at.is_(None))
        .where(visible(ANONYMOUS if anybody else call.actor, repos))
        .limit(1)
    )
    return call.db.execute(seen).first() is not None
