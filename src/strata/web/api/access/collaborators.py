"""Collaborators of a repo, and the invitations to become one; beyond the public Hub.

Whoever decides about them does so in a browser that has just shown who sits there: access tokens
read the lists, answer the invitations of their person and leave, and change nothing else.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from strata.core.actor import Role
from strata.core.call import Call
from strata.core.errors import Malformed
from strata.core.names import RepoId
from strata.repos.collaborating import answering, changing, inviting, managing
from strata.repos.collaborating.record import Collaboration, Collaborator, Invite
from strata.web import respond
from strata.web.api.people.faces import Json, avatar_url
from strata.web.paths import Route
from strata.web.work import field, json_of, read, repo_of, work

RoleName = Literal["read", "write", "admin"]


class InviteBody(msgspec.Struct):
    """Whom to invite: one of `user` and `email`."""

    role: RoleName
    user: str | None = None
    email: str | None = None

    def who(self) -> str:
        """The one that is given.

        Raises:
            Malformed: none is, or both, or each holds the other.
        """
        given = self.user if self.email is None else self.email
        if given is None or (self.user is not None and self.email is not None):
            raise Malformed('Name the person by "user", or the address by "email".')
        if ("@" in given) is (self.email is None):
            raise Malformed('"user" is a username, "email" an e-mail address.')
        return given


class RoleBody(msgspec.Struct):
    """The role that a collaborator shall have."""

    role: RoleName


async def listed(request: Request) -> Response:
    """GET /api/{type}/{repo}/collaborators"""

    def act(call: Call) -> Json:
        held, invited = managing.listed(call, repo_of(request))
        return {
            "collaborators": [_collaborator(call, one) for one in held],
            "invitations": [_invitation(one) for one in invited],
        }

    return respond.json(await read(request, act))


async def invite(request: Request) -> Response:
    """POST /api/{type}/{repo}/collaborators — the invitation; its link is mailed, never shown."""
    body = await json_of(request, InviteBody)
    who, role = body.who(), Role(body.role)
    made = await work(request, lambda work: inviting.invite(work, repo_of(request), who, role))
    return respond.json(_invitation(made))


async def withdraw(request: Request) -> Response:
    """DELETE /api/{type}/{repo}/collaborators/invitations/{key}"""
    key = field(request, "key")
    await work(request, lambda work: inviting.withdraw(work, repo_of(request), key))
    return respond.ok()


async def change_role(request: Request) -> Response:
    """PUT /api/{type}/{repo}/collaborators/{user}"""
    role, user = Role((await json_of(request, RoleBody)).role), field(request, "user")
    await work(request, lambda work: changing.change_role(work, repo_of(request), user, role))
    return respond.ok()


async def remove(request: Request) -> Response:
    """DELETE /api/{type}/{repo}/collaborators/{user}"""
    user = field(request, "user")
    await work(request, lambda work: changing.remove(work, repo_of(request), user))
    return respond.ok()


async def leave(request: Request) -> Response:
    """POST /api/{type}/{repo}/collaborators/leave — the caller's own place."""
    await work(request, lambda work: changing.leave(work, repo_of(request)))
    return respond.ok()


async def mine(request: Request) -> Response:
    """GET /api/settings/collaborations — where the caller works, and is invited to."""

    def act(call: Call) -> Json:
        return {
            "collaborations": [_collaboration(one) for one in answering.held(call)],
            "invitations": [_to_me(one) for one in answering.mine(call)],
        }

    return respond.json(await read(request, act))


async def accept(request: Request) -> Response:
    """POST /api/settings/collaborations/{key}/accept"""
    key = field(request, "key")
    found = await work(request, lambda work: answering.accept_mine(work, key))
    return respond.json(_repo(found.repo.repo_id))


async def decline(request: Request) -> Response:
    """POST /api/settings/collaborations/{key}/decline"""
    key = field(request, "key")
    await work(request, lambda work: answering.decline_mine(work, key))
    return respond.ok()


def _collaborator(call: Call, one: Collaborator) -> Json:
    return {
        "user": {
            "_id": one.public_id,
            "user": one.name,
            "fullname": one.full_name,
            "avatarUrl": avatar_url(call, one.public_id),
            "type": "user",
        },
        "role": one.role.value,
        "addedAt": respond.moment(one.added_at),
        "addedBy": one.added_by,
    }


def _invitation(one: Invite) -> Json:
    """An invitation as those see it who decide: whose an address is, they do not learn."""
    whom = {"email": one.email} if one.email is not None else {"user": one.invitee}
    return {"id": one.key, **whom, **_terms(one)}


def _to_me(one: Invite) -> Json:
    return {"id": one.key, **_repo(one.repo.repo_id), **_terms(one)}


def _terms(one: Invite) -> Json:
    return {
        "role": one.role.value,
        "invitedBy": one.inviter,
        "createdAt": respond.moment(one.created_at),
        "expiresAt": respond.moment(one.expires_at),
    }


def _collaboration(one: Collaboration) -> Json:
    told = {"private": one.private, "role": one.role.value}
    return {**_repo(one.repo_id), **told, "addedAt": respond.moment(one.added_at)}


def _repo(repo_id: RepoId) -> Json:
    return {"repo": {"type": repo_id.type.value, "name": repo_id.full_name}}


_SCRIPTS: Final = "scripts"
_MINE: Final = "/api/settings/collaborations"


def _routes(at: str) -> tuple[Route, ...]:
    """The addresses of one kind of repo; what is one word stands before the usernames."""
    return (
        Route(("GET",), at, listed, _SCRIPTS),
        Route(("POST",), at, invite, _SCRIPTS),
        Route(("POST",), f"{at}/leave", leave, _SCRIPTS),
        Route(("DELETE",), f"{at}/invitations/{{key}}", withdraw, _SCRIPTS),
        Route(("PUT",), f"{at}/{{user}}", change_role, _SCRIPTS),
        Route(("DELETE",), f"{at}/{{user}}", remove, _SCRIPTS),
    )


ROUTES: tuple[Route, ...] = (
    *_routes("/api/{type}/{repo}/collaborators"),
    *_routes("/api/buckets/{repo}/collaborators"),
    Route(("GET",), _MINE, mine, _SCRIPTS),
    Route(("POST",), f"{_MINE}/{{key}}/accept", accept, _SCRIPTS),
    Route(("POST",), f"{_MINE}/{{key}}/decline", decline, _SCRIPTS),
)
