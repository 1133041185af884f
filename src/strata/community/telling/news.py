"""From a fact to news: what people are told, why, and who it might concern.

The facts are those of product §2.6 P54. Whoever did it is not told, except of what happened to
their account: there "the person" may have been somebody else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import sqlalchemy as sa

from strata.community.inbox.record import Topic
from strata.community.telling import accounts, discussions, repos
from strata.community.telling.groups import Row, Telling
from strata.core.call import Call
from strata.events.tables import facts

_TOLD_CHANGES: Final = frozenset({"status", "merge", "edit"})


def matters(name: str, detail: Mapping[str, object]) -> bool:
    """Whether anybody may be told of a fact."""
    change = detail.get("change")
    return name in _NEWS and (change is None or change in _TOLD_CHANGES)


def telling_of(call: Call, fact_id: int) -> Telling | None:
    """What is told of a fact; None when nobody is, as things stand now."""
    row = call.db.execute(sa.select(facts).where(facts.c.id == fact_id)).first()
    make = _NEWS.get(row.name) if row is not None else None
    return make(call, row) if make is not None and row is not None else None


def gone_threads(call: Call, fact_id: int) -> list[str]:
    """The threads that ended for good with a fact: a discussion, or invitations that are over."""
    row = call.db.execute(sa.select(facts).where(facts.c.id == fact_id)).first()
    if row is None:
        return []
    if row.name == "discussion.delete":
        return [f"{Topic.DISCUSSION}:{row.detail['id']}"]
    over = [row.detail["invite"]] if row.name in _INVITATION_OVER else []
    return [f"{Topic.SHARING}:{one}" for one in [*over, *row.detail.get("replaced", ())]]


_INVITATION_OVER: Final = frozenset(
    {"repo.collaborator_withdraw", "repo.collaborator_accept", "repo.collaborator_decline"}
)
_NEWS: Final[Mapping[str, Callable[[Call, Row], Telling | None]]] = {
    "discussion.create": discussions.discussion,
    "discussion.update": discussions.discussion,
    "discussion.comment.create": discussions.discussion,
    "discussion.comment.update": discussions.discussion,
    "discussion.delete": lambda _call, _row: None,
    "gate.request": repos.gate_request,
    "gate.accept": repos.gate_decision,
    "gate.grant": repos.gate_decision,
    "gate.reject": repos.gate_decision,
    "gate.reset": repos.gate_decision,
    "org.invite_user": accounts.membership,
    "org.add_user": accounts.membership,
    "org.change_role": accounts.membership,
    "org.remove_user": accounts.membership,
    "org.join.refuse": accounts.membership,
    "org.join.request": accounts.joining,
    "org.invite.accept": accounts.joining,
    "org.invite.decline": accounts.joining,
    "repo.move": repos.transfer,
    "repo.collaborator_invite": repos.invited,
    "repo.collaborator_withdraw": lambda _call, _row: None,
    "repo.collaborator_accept": repos.invitation_answered,
    "repo.collaborator_decline": repos.invitation_answered,
    "repo.collaborator_role": repos.shared_role,
    "quota.exceeded": accounts.quota,
    "quota.reached": accounts.quota,
    "account.2fa_disable": accounts.security,
    "webhook.disable": accounts.security,
    **dict.fromkeys(accounts.EVEN_TO_THE_DOER, accounts.security),
}
