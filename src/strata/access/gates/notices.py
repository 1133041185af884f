"""Who is told of requests for access, and how soon."""

from __future__ import annotations

from strata.access.gates import queries
from strata.access.gates.admit import Gated, admit
from strata.access.gates.record import Mode, Notices
from strata.access.policy.verbs import Action
from strata.accounts.mailboxes import addresses
from strata.core.call import Work
from strata.core.errors import Malformed
from strata.credentials.tokens.presented.bearers import of_now
from strata.events.audit.changes import changes
from strata.events.facts import record_of


def change(work: Work, repo: Gated, *, email: str | None = None, mode: Mode | None = None) -> None:
    """Choose who is told and how soon; None leaves as it is, an empty address is the owner's.

    Raises:
        Malformed: this is no e-mail address.
        RepoNotFound, Unauthenticated, Forbidden: as `access.gates.admit`.
    """
    admit(work, Action.MANAGE, repo)
    admit(of_now(work), Action.MANAGE, repo)
    there = queries.notices_of(work, repo.id)
    chosen = there.email if email is None else _address(email)
    now = Notices(chosen, mode or there.mode)
    queries.set_notices(work, repo.id, now)
    record_of(
        work, "repo.update_settings", repo, {"mode": now.mode, **changes(_told(there), _told(now))}
    )


def _told(notices: Notices) -> dict[str, object]:
    email = addresses.masked(notices.email) if notices.email else None
    return {"mode": notices.mode, "email": email}


def _address(text: str) -> str | None:
    if not text.strip():
        return None
    address = addresses.parse(text)
    if address is None:
        raise Malformed('"gatedNotificationsEmail" must be an e-mail address.')
    return address.text
