"""The mails about tokens that an organisation has to approve, in both languages side by side.

Its admins hear of a token that waits, its owner of what they say: on the page where it is listed,
which for that of an application is not the one of the tokens they made.
"""

# ruff: noqa: RUF001 — Chinese sentences have Chinese punctuation.

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

from strata.accounts import limits, people
from strata.accounts.tables import namespaces
from strata.core.actor import TokenKind
from strata.core.call import Call, Work
from strata.credentials.tokens.tables import tokens
from strata.events.letters import CHINESE, Reader, Wording, letter, page
from strata.events.outbox import Letter, post
from strata.organizations.queries import admins_of
from strata.organizations.tables import organizations
from strata.organizations.token_policy import Approval, TokenPolicy

TOKENS: Final = "/settings/tokens"
APPLICATIONS: Final = "/settings/connected-applications"
LETTERS_PER_HOUR: Final = 10  # about one organisation; the page shows the others
_SAID: Final = {
    Approval.APPROVED: ("approved", "通过"),
    Approval.DENIED: ("denied", "拒绝"),
    Approval.REVOKED: ("revoked", "吊销"),
}


def tell_admins(work: Work, organization_id: int, token_id: int) -> None:
    """Tell those who decide that a token waits; nothing where the organisation takes it anyway."""
    name = _waits_at(work, organization_id)
    key = f"org.token_letters:{organization_id}"
    if name is None or limits.counted(work, key, minutes=60) >= LETTERS_PER_HOUR:
        return
    limits.note(work, key)
    token, owner = _token(work, token_id)
    for admin in admins_of(work, organization_id):
        post(work, _asked(work, people.reader(admin), name, f"{owner.name}: {token.name}"))


def tell_owner(work: Work, organization_name: str, token_id: int, state: Approval) -> None:
    """Tell whose token it is what the organisation said, unless they said it themselves."""
    token, owner = _token(work, token_id)
    if owner.id == work.actor.user_id or state not in _SAID:
        return
    decided = _app_decided if token.kind == TokenKind.OAUTH else _decided
    post(work, decided(work, people.reader(owner), organization_name, token.name, state))


def _waits_at(call: Call, organization_id: int) -> str | None:
    row = call.db.execute(
        sa.select(namespaces.c.name, organizations.c.token_policy)
        .join(organizations, organizations.c.id == namespaces.c.id)
        .where(namespaces.c.id == organization_id)
    ).one()
    return str(row.name) if row.token_policy == TokenPolicy.APPROVED else None


def _token(call: Call, token_id: int) -> tuple[sa.Row[Any, Any, Any], people.User]:
    columns = (tokens.c.name, tokens.c.kind, tokens.c.user_id)
    row = call.db.execute(sa.select(*columns).where(tokens.c.id == token_id)).one()
    owner = people.by_id(call, row.user_id)
    if owner is None:
        raise LookupError(token_id)
    return row, owner


def _asked(call: Call, reader: Reader, organization: str, token: str) -> Letter:
    english = Wording(
        subject=f"An access token waits for {organization}",
        before=(
            f"An access token of a member wants to reach {organization}: “{token}”.",
            "It opens nothing there until an admin approves it.",
        ),
        link_text="Approve or deny it",
    )
    chinese = Wording(
        subject=f"有访问令牌等待 {organization} 审批",
        before=(
            f"有成员的访问令牌申请访问 {organization}：“{token}”。",
            "在管理员批准之前，它无法访问该组织的内容。",
        ),
        link_text="批准或拒绝",
    )
    where = page(call, f"/organizations/{organization}/settings/tokens")
    return letter(reader, {"en": english, CHINESE: chinese}, where)


def _decided(call: Call, reader: Reader, organization: str, token: str, state: Approval) -> Letter:
    said, said_zh = _SAID[state]
    english = Wording(
        subject=f"{organization} {said} your access token",
        before=(f"The admins of {organization} {said} your access token “{token}”.",),
        link_text="Access tokens",
    )
    chinese = Wording(
        subject=f"{organization} 已{said_zh}您的访问令牌",
        before=(f"{organization} 的管理员已{said_zh}您的访问令牌“{token}”。",),
        link_text="访问令牌",
    )
    return letter(reader, {"en": english, CHINESE: chinese}, page(call, TOKENS))


def _app_decided(
    call: Call, reader: Reader, organization: str, app: str, state: Approval
) -> Letter:
    said, said_zh = _SAID[state]
    english = Wording(
        subject=f"{organization} {said} the access of “{app}”",
        before=(f"The admins of {organization} {said} what “{app}” may reach there for you.",),
        link_text="Connected applications",
    )
    chinese = Wording(
        subject=f"{organization} 已{said_zh}应用“{app}”的访问",
        before=(f"{organization} 的管理员已{said_zh}应用“{app}”代表您对该组织的访问。",),
        link_text="已连接的应用",
    )
    return letter(reader, {"en": english, CHINESE: chinese}, page(call, APPLICATIONS))
