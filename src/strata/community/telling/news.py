"""From a fact to news: what people are told, why, and who it might concern.

The facts are those of product §2.6 P54. Whoever did it is not told, except of what happened to
their account: there "the person" may have been somebody else.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from strata.access.gates import queries as access
from strata.access.gates.record import Standing
from strata.access.plans.owners import answering_for
from strata.accounts import confirmed
from strata.accounts.notices import choices, heeding
from strata.accounts.notices.choices import Kind
from strata.community.discussions.tables import discussions
from strata.community.inbox.record import News, Reason, Topic
from strata.community.telling import audience
from strata.core.call import Call
from strata.events.tables import facts
from strata.repos import queries as repos
from strata.repos.collaborating import queries as collaborating
from strata.repos.record import Repo

Row = sa.Row[Any]  # of `facts`
_TOLD_CHANGES: Final = frozenset({"status", "merge", "edit"})


@dataclass(frozen=True, slots=True)
class Group:
    """People who are told for the same reason."""

    reason: Reason
    kind: Kind
    people: Collection[int]


@dataclass(frozen=True, slots=True)
class Telling:
    """What a fact has people told, for the best reason first."""

    news: News
    groups: tuple[Group, ...]
    repo: Repo | None = None


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


def _news(row: Row, topic: Topic, key: object, **more: Any) -> News:
    """What a fact says by itself."""
    told = {"event": row.name, "actor_id": row.actor_id, **more}
    return News(thread=f"{topic}:{key}", topic=topic, fact_id=row.id, at=row.at, **told)


def _discussion(call: Call, row: Row) -> Telling | None:
    repo = repos.repo_by_id(call, row.repo_id or 0)
    wanted = sa.select(discussions.c.id).where(discussions.c.key == row.detail["id"])
    discussion_id: int | None = call.db.scalar(wanted)
    if repo is None or repo.disabled or repo.discussions_disabled or discussion_id is None:
        return None
    change = row.detail.get("change")
    event = row.detail.get("event")
    news = _news(
        row,
        Topic.DISCUSSION,
        row.detail["id"],
        event=f"discussion.{change}" if change in ("status", "merge") else row.name,
        repo_id=repo.id,
        discussion_id=discussion_id,
        detail={"event": event} if event else {},
    )
    groups = [_named(call, row)]
    if change != "edit":
        groups += _around(call, repo, discussion_id)
    return _but_the_doer(Telling(news, tuple(groups), repo), row)


def _named(call: Call, row: Row) -> Group:
    named = set(row.detail.get("mentions", ()))
    if row.detail.get("change") == "edit":
        named -= audience.named_before(call, row.detail["event"], row)
    return Group(Reason.MENTION, Kind.MENTION, named)


def _around(call: Call, repo: Repo, discussion_id: int) -> list[Group]:
    """Who takes part, to whom the repo belongs and who watches it; but nobody who muted it."""
    taking_part = audience.participants(call, discussion_id)
    deaf = choices.muted(call, repo.id, sorted(taking_part))
    watching = heeding.watchers(call, repo)
    return [
        Group(Reason.PARTICIPATING, Kind.PARTICIPATING, taking_part - deaf),
        Group(Reason.YOURS, Kind.WATCHED, watching & {repo.owner_id}),
        Group(Reason.WATCHING, Kind.WATCHED, watching),
    ]


def _gate_request(call: Call, row: Row) -> Telling | None:
    repo = repos.repo_by_id(call, row.repo_id or 0)
    if repo is None or row.actor_id is None:
        return None
    asked = access.request_of(call, repo.id, row.actor_id)
    if asked is None or asked.standing is not Standing.PENDING:
        return None
    news = _news(row, Topic.REQUESTS, repo.id, repo_id=repo.id, for_managers=True)
    people = {one.id for one in answering_for(call, repo.owner_id)}
    return Telling(news, (Group(Reason.MANAGING, Kind.GATE_REQUEST, people),), repo)


def _gate_decision(call: Call, row: Row) -> Telling | None:
    repo = repos.repo_by_id(call, row.repo_id or 0)
    if repo is None or row.subject_id is None:
        return None
    news = _news(row, Topic.ACCESS, repo.id, repo_id=repo.id)
    told = Telling(news, (_concerned(row, Kind.GATE_DECISION),), repo)
    return _but_the_doer(told, row)


def _membership(_: Call, row: Row) -> Telling | None:
    """Somebody was invited, became a member, got another role, or was refused or taken out."""
    if row.subject_id is None or row.owner_id is None:  # an invitation by mail, or a link
        return None
    role = row.detail.get("role")
    detail = {"role": role} if role else {}
    news = _news(row, Topic.MEMBERSHIP, row.owner_id, namespace_id=row.owner_id, detail=detail)
    return _but_the_doer(Telling(news, (_concerned(row, Kind.INVITATION),)), row)


def _joining(call: Call, row: Row) -> Telling | None:
    """Somebody asks to join, or answers an invitation: those hear who decide, or who invited."""
    if row.owner_id is None:
        return None
    news = _news(
        row, Topic.JOINING, row.owner_id, namespace_id=row.owner_id, for_managers=True,
        actor_id=row.subject_id,
    )  # fmt: skip
    people = {one.id for one in answering_for(call, row.owner_id)}
    if row.name != "org.join.request":
        people &= {row.detail.get("inviter")}
    return _but_the_doer(Telling(news, (Group(Reason.MANAGING, Kind.INVITATION, people),)), row)


def _transfer(call: Call, row: Row) -> Telling | None:
    repo, former = repos.repo_by_id(call, row.repo_id or 0), row.detail.get("from_owner")
    if repo is None or former is None or former == row.owner_id:  # renamed, or gone on since
        return None
    news = _news(row, Topic.TRANSFER, repo.id, repo_id=repo.id, detail={"from": row.detail["from"]})
    people = {one.id for owner in (former, row.owner_id) for one in answering_for(call, owner)}
    told = Telling(news, (Group(Reason.MANAGING, Kind.SECURITY, people),), repo)
    return _but_the_doer(told, row)


def _invited(call: Call, row: Row) -> Telling | None:
    """Somebody is invited to a repo: by name, or by an address that turns out to be theirs."""
    found = collaborating.invite_by_key(call, row.detail["invite"])
    if found is None:
        return None
    whom = found.user_id or confirmed.owner_id(call, found.email_key or "")
    # No right to know of the repo comes with an invitation: what it says stands in the row.
    detail = {"repo": found.repo.full_name, "role": found.role.value}
    news = _news(row, Topic.SHARING, found.key, detail=detail)
    people = set() if whom is None else {whom}
    return _but_the_doer(Telling(news, (Group(Reason.CONCERNED, Kind.INVITATION, people),)), row)


def _invitation_answered(call: Call, row: Row) -> Telling | None:
    """Whoever invited hears what came of it, for as long as they may know of the repo."""
    repo = repos.repo_by_id(call, row.repo_id or 0)
    inviter = row.detail.get("inviter")
    if repo is None or inviter is None:
        return None
    hidden = row.detail.get("by") == "email"  # whose address it is, only an acceptance tells
    who = f"invite-{row.detail['invite']}" if hidden else row.actor_id
    news = _news(
        row, Topic.SHARED, f"{repo.id}:{who}", repo_id=repo.id,
        actor_id=None if hidden else row.actor_id,
    )  # fmt: skip
    return Telling(news, (Group(Reason.MANAGING, Kind.INVITATION, {inviter}),), repo)


def _shared_role(call: Call, row: Row) -> Telling | None:
    """A collaborator has another role."""
    repo = repos.repo_by_id(call, row.repo_id or 0)
    if repo is None or row.subject_id is None:
        return None
    detail = {"role": row.detail["after"]["role"]}
    news = _news(row, Topic.SHARED, f"{repo.id}:{row.subject_id}", repo_id=repo.id, detail=detail)
    return _but_the_doer(Telling(news, (_concerned(row, Kind.INVITATION),), repo), row)


def _quota(call: Call, row: Row) -> Telling | None:
    """Storage fills up, or is full; or a webhook was called as often as it may be."""
    if row.owner_id is None:
        return None
    webhook, percent = row.detail.get("webhook"), row.detail.get("percent")
    known = {"webhook": webhook, "percent": percent, "private": row.detail.get("private") is True}
    news = _news(
        row, Topic.QUOTA, webhook or row.owner_id, namespace_id=row.owner_id, for_managers=True,
        actor_id=None, detail={name: one for name, one in known.items() if one is not None},
        event="quota.triggers" if webhook else row.name,
    )  # fmt: skip
    people = {one.id for one in answering_for(call, row.owner_id)}
    return Telling(news, (Group(Reason.MANAGING, Kind.SECURITY, people),))


def _security(_: Call, row: Row) -> Telling | None:
    """One thread for each kind of event, so that an attacker fills no inbox."""
    if row.subject_id is None:
        return None
    webhook = {"webhook": row.target} if row.name == "webhook.disable" else {}
    news = _news(row, Topic.SECURITY, row.name, actor_id=None, detail=webhook)
    told = Telling(news, (Group(Reason.SECURITY, Kind.SECURITY, {row.subject_id}),))
    return told if row.name in _EVEN_TO_THE_DOER else _but_the_doer(told, row)


def _concerned(row: Row, kind: Kind) -> Group:
    return Group(Reason.CONCERNED, kind, {row.subject_id})


def _but_the_doer(told: Telling, row: Row) -> Telling:
    groups = tuple(
        Group(one.reason, one.kind, set(one.people) - {row.actor_id}) for one in told.groups
    )
    return Telling(told.news, groups, told.repo)


_EVEN_TO_THE_DOER: Final = frozenset(
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
_INVITATION_OVER: Final = frozenset(
    {"repo.collaborator_withdraw", "repo.collaborator_accept", "repo.collaborator_decline"}
)
_NEWS: Final[Mapping[str, Callable[[Call, Row], Telling | None]]] = {
    "discussion.create": _discussion,
    "discussion.update": _discussion,
    "discussion.comment.create": _discussion,
    "discussion.comment.update": _discussion,
    "discussion.delete": lambda _call, _row: None,
    "gate.request": _gate_request,
    "gate.accept": _gate_decision,
    "gate.grant": _gate_decision,
    "gate.reject": _gate_decision,
    "gate.reset": _gate_decision,
    "org.invite_user": _membership,
    "org.add_user": _membership,
    "org.change_role": _membership,
    "org.remove_user": _membership,
    "org.join.refuse": _membership,
    "org.join.request": _joining,
    "org.invite.accept": _joining,
    "org.invite.decline": _joining,
    "repo.move": _transfer,
    "repo.collaborator_invite": _invited,
    "repo.collaborator_withdraw": lambda _call, _row: None,
    "repo.collaborator_accept": _invitation_answered,
    "repo.collaborator_decline": _invitation_answered,
    "repo.collaborator_role": _shared_role,
    "quota.exceeded": _quota,
    "quota.reached": _quota,
    "account.2fa_disable": _security,
    "webhook.disable": _security,
    **dict.fromkeys(_EVEN_TO_THE_DOER, _security),
}
