"""Repos: access that is asked for and decided about, transfers, and work on those of others."""

from __future__ import annotations

from strata.access.gates import queries as access
from strata.access.gates.record import Standing
from strata.access.plans.owners import answering_for
from strata.accounts import confirmed
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
from strata.repos import queries as repos
from strata.repos.collaborating import queries as collaborating


def gate_request(call: Call, row: Row) -> Telling | None:
    """Somebody waits for a decision about access."""
    repo = repos.repo_by_id(call, row.repo_id or 0)
    if repo is None or row.actor_id is None:
        return None
    asked = access.request_of(call, repo.id, row.actor_id)
    if asked is None or asked.standing is not Standing.PENDING:
        return None
    news = news_of(row, Topic.REQUESTS, repo.id, repo_id=repo.id, for_managers=True)
    people = {one.id for one in answering_for(call, repo.owner_id)}
    return Telling(news, (Group(Reason.MANAGING, Kind.GATE_REQUEST, people),), repo)


def gate_decision(call: Call, row: Row) -> Telling | None:
    """It was decided about somebody's access."""
    repo = repos.repo_by_id(call, row.repo_id or 0)
    if repo is None or row.subject_id is None:
        return None
    news = news_of(row, Topic.ACCESS, repo.id, repo_id=repo.id)
    told = Telling(news, (concerned(row, Kind.GATE_DECISION),), repo)
    return but_the_doer(told, row)


def transfer(call: Call, row: Row) -> Telling | None:
    """A repo went to another namespace."""
    repo, former = repos.repo_by_id(call, row.repo_id or 0), row.detail.get("from_owner")
    if repo is None or former is None or former == row.owner_id:  # renamed, or gone on since
        return None
    news = news_of(
        row, Topic.TRANSFER, repo.id, repo_id=repo.id, detail={"from": row.detail["from"]}
    )
    people = {one.id for owner in (former, row.owner_id) for one in answering_for(call, owner)}
    told = Telling(news, (Group(Reason.MANAGING, Kind.SECURITY, people),), repo)
    return but_the_doer(told, row)


def invited(call: Call, row: Row) -> Telling | None:
    """Somebody is invited to a repo: by name, or by an address that turns out to be theirs."""
    found = collaborating.invite_by_key(call, row.detail["invite"])
    if found is None:
        return None
    whom = found.user_id or confirmed.owner_id(call, found.email_key or "")
    # No right to know of the repo comes with an invitation: what it says stands in the row.
    detail = {"repo": found.repo.full_name, "role": found.role.value}
    news = news_of(row, Topic.SHARING, found.key, detail=detail)
    people = set() if whom is None else {whom}
    return but_the_doer(Telling(news, (Group(Reason.CONCERNED, Kind.INVITATION, people),)), row)


def invitation_answered(call: Call, row: Row) -> Telling | None:
    """Whoever invited hears what came of it, for as long as they may know of the repo."""
    repo = repos.repo_by_id(call, row.repo_id or 0)
    inviter = row.detail.get("inviter")
    if repo is None or inviter is None:
        return None
    hidden = row.detail.get("by") == "email"  # whose address it is, only an acceptance tells
    who = f"invite-{row.detail['invite']}" if hidden else row.actor_id
    news = news_of(
        row, Topic.SHARED, f"{repo.id}:{who}", repo_id=repo.id,
        actor_id=None if hidden else row.actor_id,
    )  # fmt: skip
    return Telling(news, (Group(Reason.MANAGING, Kind.INVITATION, {inviter}),), repo)


def shared_role(call: Call, row: Row) -> Telling | None:
    """A collaborator has another role."""
    repo = repos.repo_by_id(call, row.repo_id or 0)
    if repo is None or row.subject_id is None:
        return None
    detail = {"role": row.detail["after"]["role"]}
    news = news_of(row, Topic.SHARED, f"{repo.id}:{row.subject_id}", repo_id=repo.id, detail=detail)
    return but_the_doer(Telling(news, (concerned(row, Kind.INVITATION),), repo), row)
