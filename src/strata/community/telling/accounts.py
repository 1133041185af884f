"""Accounts and organizations: who comes and goes, what fills up, and what keeps them safe."""

from __future__ import annotations

from typing import Final

from strata.access.plans.owners import answering_for
from strata.accounts.notices.choices import Kind
from strata.community.inbox.record import Reason, Topic
from strata.community.telling.groups import (
    Group,
    Row,
    Telling,
    but_the_doer,
    concerned,
    news_of,
)
from strata.core.call import Call

# Whoever did it may have been somebody else.
EVEN_TO_THE_DOER: Final = frozenset(
    {
        "account.2fa_removal",
        "account.lockout",
        "account.new_device",
        "account.passkey_counter",
        "account.password_reset",
        "account.recovery_used",
        "oauth.refresh_reuse",
        "token.revoke_leak",
    }
)


def membership(_: Call, row: Row) -> Telling | None:
    """Somebody was invited, became a member, got another role, or was refused or taken out."""
    if row.subject_id is None or row.owner_id is None:  # an invitation by mail, or a link
        return None
    role = row.detail.get("role")
    detail = {"role": role} if role else {}
    news = news_of(row, Topic.MEMBERSHIP, row.owner_id, namespace_id=row.owner_id, detail=detail)
    return but_the_doer(Telling(news, (concerned(row, Kind.INVITATION),)), row)


def joining(call: Call, row: Row) -> Telling | None:
    """Somebody asks to join, or answers an invitation: those hear who decide, or who invited."""
    hidden = row.detail.get("by") == "email"  # whose address it is, only an acceptance tells
    organization_id = row.detail.get("organization") if hidden else row.owner_id
    if organization_id is None:
        return None
    news = news_of(
        row, Topic.JOINING, organization_id, namespace_id=organization_id, for_managers=True,
        actor_id=None if hidden else row.subject_id,
    )  # fmt: skip
    people = {one.id for one in answering_for(call, organization_id)}
    if row.name != "org.join.request":
        people &= {row.detail.get("inviter")}
    return but_the_doer(Telling(news, (Group(Reason.MANAGING, Kind.INVITATION, people),)), row)


def quota(call: Call, row: Row) -> Telling | None:
    """Storage fills up, or is full; or a webhook was called as often as it may be."""
    if row.owner_id is None:
        return None
    webhook, percent = row.detail.get("webhook"), row.detail.get("percent")
    known = {"webhook": webhook, "percent": percent, "private": row.detail.get("private") is True}
    news = news_of(
        row, Topic.QUOTA, webhook or row.owner_id, namespace_id=row.owner_id, for_managers=True,
        actor_id=None, detail={name: one for name, one in known.items() if one is not None},
        event="quota.triggers" if webhook else row.name,
    )  # fmt: skip
    people = {one.id for one in answering_for(call, row.owner_id)}
    return Telling(news, (Group(Reason.MANAGING, Kind.SECURITY, people),))


def security(_: Call, row: Row) -> Telling | None:
    """One thread for each kind of event, so that an attacker fills no inbox."""
    if row.subject_id is None:
        return None
    webhook = {"webhook": row.target} if row.name == "webhook.disable" else {}
    news = news_of(row, Topic.SECURITY, row.name, actor_id=None, detail=webhook)
    told = Telling(news, (Group(Reason.SECURITY, Kind.SECURITY, {row.subject_id}),))
    return told if row.name in EVEN_TO_THE_DOER else but_the_doer(told, row)
