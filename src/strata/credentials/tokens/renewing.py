"""Give a token another value, or other scopes, under the same name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from strata.accounts import confirmed
from strata.core.actor import NOTHING, TokenRole
from strata.core.call import Work
from strata.core.errors import InvalidFields, NotFound
from strata.core.permissions import grants_of, kept_of
from strata.credentials.tokens import letters, lives
from strata.credentials.tokens.approving import approvals
from strata.credentials.tokens.making import Issued, Terms, is_strong, owner_of, was_strong
from strata.credentials.tokens.owned import MADE_BY_HAND, require_room, works
from strata.credentials.tokens.tables import token_organizations, tokens
from strata.credentials.tokens.values import fresh_value, kept
from strata.events import outbox
from strata.events.facts import record
from strata.sessions.signed_in.still import require_still
from strata.sessions.signed_in.sudo import require_sudo

LONGEST_GRACE: Final = 24  # hours
MISSING: Final = "There is no such token."
LAST_DAY: Final = datetime(9999, 12, 31, tzinfo=UTC)  # that can be written down


def rotate(work: Work, token_id: int, grace_hours: int = 0) -> Issued:
    """Invalidate and refresh: a new value for the same token, which begins its life anew.

    Args:
        grace_hours: so long the value before works too; one that leaked never does.

    Raises:
        Unauthenticated, EmailNotVerified, Forbidden: as `tokens.create`.
        ProofNeeded: it wants to know who sits there.
        InvalidFields: `grace`: no number of hours that it may be, or there are too many tokens for
            one that had ended to work again (`token.too_many`).
        NotFound: the person has no such token.
    """
    owner = owner_of(work)
    require_sudo(work)
    if not 0 <= grace_hours <= LONGEST_GRACE:
        raise InvalidFields({"grace": ("token.bad_grace",)})
    held, value = _held(work, owner.id, token_id), fresh_value()
    if not held.works:
        require_room(work, owner.id, "grace")
    keeps = grace_hours > 0 and held.leaked_at is None
    changes = {
        **kept(work.hub, value),
        "former_digest": held.digest if keeps else None,
        "former_until": work.now + timedelta(hours=grace_hours) if keeps else None,
        "rotated_at": work.now,
        "expires_at": _end(work, held),
        "last_used_at": None,
        "last_used_ip": "",
        "last_used_by": "",
        "use_written_at": None,
        "told_days": None,
        "leaked_at": None,
        "leaked_in": "",
    }
    work.db.execute(sa.update(tokens).where(tokens.c.id == token_id).values(**changes))
    record(work, "token.rotate", target=held.name, detail={"role": held.role, "grace": grace_hours})
    for reader in confirmed.readers(work, owner):
        letter = letters.token_rotated(
            work, reader, token_name=held.name, grace_hours=grace_hours * keeps
        )
        outbox.post(work, letter)
    return Issued(token_id, held.name, TokenRole(held.role), value)


def edit(work: Work, token_id: int, terms: Terms) -> None:
    """Give a fine-grained token other scopes; its value and its end stay.

    An organisation that has to approve it has to do so again.

    Raises:
        Unauthenticated, EmailNotVerified, Forbidden, ProofNeeded: as `rotate`.
        InvalidFields: `expires`; an organisation that is named now allows no such life.
        NotFound: the person has no such token, or it has no scopes.
    """
    owner = owner_of(work)
    require_sudo(work)
    held = _held(work, owner.id, token_id)
    if held.role != TokenRole.FINE_GRAINED:
        raise NotFound(MISSING)
    if held.expires_at is None or held.expires_at > work.now:
        lives.require(work, held.expires_at, terms.organizations)
    before, after = kept_of(grants_of(held.grants)), kept_of(terms.grants or NOTHING)
    if before == after:
        return
    widened = is_strong(TokenRole.FINE_GRAINED, terms) and not was_strong(work, held)
    work.db.execute(sa.update(tokens).where(tokens.c.id == token_id).values(grants=after))
    approvals.ask(work, token_id, owner.id, terms.organizations)
    record(work, "token.edit", target=held.name, detail={"before": before, "after": after})
    if widened:  # of a token that began like this its owner was told when it was made
        for reader in confirmed.readers(work, owner):
            outbox.post(work, letters.token_widened(work, reader, token_name=held.name))


def _held(work: Work, owner_id: int, token_id: int) -> sa.Row[Any]:
    """The row of a token of its person; nobody else changes it, or decides on it, meanwhile."""
    require_still(work)
    mine = (tokens.c.id == token_id, tokens.c.user_id == owner_id, MADE_BY_HAND)
    found = sa.select(tokens, works(work).label("works")).where(*mine)
    row = work.db.execute(found.with_for_update()).first()
    if row is None:
        raise NotFound(MISSING)
    return row


def _end(work: Work, held: sa.Row[Any]) -> datetime | None:
    """The same life once more, from now on; no longer than the site and organisations allow now."""
    named = sa.select(token_organizations.c.organization_id)
    places = work.db.scalars(named.where(token_organizations.c.token_id == held.id))
    bounds = [lives.longest(work, places)]
    if held.expires_at is not None:
        bounds.append(held.expires_at - (held.rotated_at or held.created_at))
    known = [one for one in bounds if one is not None]
    return work.now + min(*known, LAST_DAY - work.now) if known else None
