"""The life of a repo: create, delete, move, settings (02 §A)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from strata.access.gates import notices
from strata.access.gates.record import Mode
from strata.access.policy.things import Gate
from strata.access.policy.verbs import Action
from strata.content.making import new_repo
from strata.core.call import Call, Work
from strata.core.errors import Malformed, NotOffered
from strata.core.names import GIT_TYPES, RepoId, RepoType
from strata.repos import change
from strata.repos.create import Wish
from strata.repos.lookup import lookup
from strata.repos.record import Repo
from strata.web import respond
from strata.web.api.people.organizations import NO_GROUPS
from strata.web.paths import Route
from strata.web.work import exchange, json_of, read, repo_of, work

Visibility = Literal["public", "private", "protected"]


class InitialFile(msgspec.Struct):
    """A small file that a new repo starts with (@huggingface/hub)."""

    path: str
    content: str
    encoding: Literal["base64", "utf-8"] = "base64"


class CreateBody(msgspec.Struct):
    """POST /api/repos/create; fields that steer a machine we do not run are ignored as unknown."""

    name: str
    resource_group: str | None = msgspec.field(default=None, name="resourceGroupId")
    organization: str | None = None
    type: str | None = None
    visibility: Visibility | None = None
    private: bool | None = None
    sdk: str | None = None
    license: str | None = None
    files: list[InitialFile] = []


class TargetBody(msgspec.Struct):
    """A repo named by a body."""

    name: str
    organization: str | None = None
    type: str | None = None


class MoveBody(msgspec.Struct, rename="camel"):
    """POST /api/repos/move."""

    from_repo: str
    to_repo: str
    type: str | None = None


class SettingsBody(msgspec.Struct, rename="camel"):
    """PUT /api/{type}/{repo}/settings."""

    visibility: Visibility | None = None
    private: bool | None = None
    gated: Gate | bool | None = None
    gated_notifications_email: str | None = None  # empty: the owner's own
    gated_notifications_mode: Mode | None = None
    discussions_disabled: bool | None = None
    description: str | None = None
    xet_enabled: bool | None = None
    sdk: str | None = None


async def create(request: Request) -> Response:
    """POST /api/repos/create"""
    body = await json_of(request, CreateBody)
    if body.resource_group:
        raise NotOffered(NO_GROUPS)
    wish = Wish(
        type=_type(body.type),
        namespace=body.organization or None,
        name=body.name,
        private=private_of(body.visibility, body.private),
        sdk=body.sdk,
    )
    files = {file.path: _content(file) for file in body.files}
    repo = await read(
        request, lambda call: new_repo.create(call, wish, files=files, license_id=body.license)
    )
    url = f"{exchange(request).origin.base_url}{repo.web_path}"
    return respond.json({"url": url, "name": repo.full_name, "id": repo.key})


async def delete(request: Request) -> Response:
    """DELETE /api/repos/delete"""
    body = await json_of(request, TargetBody)
    await work(request, lambda work: change.delete(work, _named(work, body)))
    return respond.ok()


async def move(request: Request) -> Response:
    """POST /api/repos/move"""
    body = await json_of(request, MoveBody)
    kind = _type(body.type, tuple(RepoType))
    source, target = RepoId.parse(kind, body.from_repo), RepoId.parse(kind, body.to_repo)
    repo = await work(request, lambda work: change.move(work, source, target))
    return respond.json({"url": f"{exchange(request).origin.base_url}{repo.web_path}"})


async def settings(request: Request) -> Response:
    """PUT /api/{type}/{repo}/settings"""
    body = await json_of(request, SettingsBody)
    _refuse_unenforced(body)
    wanted = change.Settings(
        private=private_of(body.visibility, body.private),
        gated=_gate(body.gated),
        discussions_disabled=body.discussions_disabled,
        description=body.description,
        sdk=body.sdk,
    )
    repo = await work(request, lambda work: _settle(work, repo_of(request), wanted, body))
    return respond.json(
        {
            "private": repo.private,
            "discussionsDisabled": repo.discussions_disabled,
            "gated": repo.gated or False,
        }
    )


def _settle(work: Work, repo_id: RepoId, wanted: change.Settings, body: SettingsBody) -> Repo:
    repo = change.change_settings(work, repo_id, wanted)
    email, mode = body.gated_notifications_email, body.gated_notifications_mode
    if email is not None or mode is not None:
        notices.change(work, repo, email=email, mode=mode)
    return repo


async def auth_check(request: Request) -> Response:
    """GET /api/{type}/{repo}/auth-check"""
    await read(request, lambda call: lookup(call, repo_of(request)))
    return respond.ok()


async def auth_check_write(request: Request) -> Response:
    """GET /api/{type}/{repo}/auth-check/write"""
    await read(request, lambda call: lookup(call, repo_of(request), Action.WRITE))
    return respond.ok()


def _type(word: str | None, allowed: Sequence[RepoType] = GIT_TYPES) -> RepoType:
    kind = next((kind for kind in allowed if kind == (word or RepoType.MODEL)), None)
    if kind is None:
        raise Malformed(f'"type" must be one of [{", ".join(allowed)}], not {word!r}.')
    return kind


def _named(call: Call, body: TargetBody) -> RepoId:
    return RepoId(_type(body.type), body.organization or call.actor.name, body.name)


def private_of(visibility: Visibility | None, private: bool | None) -> bool | None:  # noqa: FBT001 — a wire field
    """What the two spellings of visibility say; None: nothing.

    Raises:
        Malformed: a visibility that this hub cannot keep.
    """
    if visibility == "protected":
        raise Malformed("This hub does not offer protected Spaces; use public or private.")
    return private if visibility is None else visibility == "private"


def _gate(gated: Gate | bool | None) -> Gate | Literal[False] | None:  # noqa: FBT001 — a wire field
    if gated is True:
        raise Malformed('"gated" must be one of ["auto", "manual", false]')
    return gated


def _refuse_unenforced(body: SettingsBody) -> None:
    """A protection that is accepted must hold; one that we cannot enforce is refused."""
    if body.xet_enabled is False:
        raise NotOffered("Xet storage cannot be switched off per repository.")


def _content(file: InitialFile) -> bytes:
    return new_repo.decoded(file.content, file.encoding)


ROUTES = (
    Route(("POST",), "/api/repos/create", create, "all: create_repo"),
    Route(("DELETE",), "/api/repos/delete", delete, "all: delete_repo"),
    Route(("POST",), "/api/repos/move", move, "huggingface_hub ≥ 0.5: move_repo"),
    Route(("PUT",), "/api/{type}/{repo}/settings", settings, "all: update_repo_settings"),
    Route(("GET",), "/api/{type}/{repo}/auth-check", auth_check, "huggingface_hub ≥ 0.25"),
    Route(
        ("GET",), "/api/{type}/{repo}/auth-check/write", auth_check_write, "huggingface_hub ≥ 1.5"
    ),
)
