"""Tokens that must open nothing any more: leaked ones, and those an organisation puts out."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from strata.access.organizations import tokens as org_tokens
from strata.core.call import Call, working
from strata.credentials import scanning
from strata.credentials.oauth.tokens import ending
from strata.web import respond
from strata.web.paths import Route
from strata.web.work import as_nobody, body_of, field, json_of, work

LONGEST_REPORT = 1024 * 1024  # bytes


class Credentials(msgspec.Struct):
    """POST /api/credentials/revoke; what is no text in the list is no token."""

    credentials: list[Any]


class OneToken(msgspec.Struct):
    """POST /api/organizations/{name}/settings/tokens/revoke."""

    token: str


async def revoke(request: Request) -> Response:
    """POST /api/credentials/revoke

    The same answer whatever was open, so that nobody can try values out here.
    """
    body = await json_of(request, Credentials)
    values = [one if isinstance(one, str) else "" for one in body.credentials]

    def act(call: Call) -> None:
        with working(call) as within:
            ending.report(within, values)

    await as_nobody(request, act)
    return respond.json({}, 202)


async def scanned(request: Request) -> Response:
    """POST /api/credentials/scanned — what GitHub's secret scanning sends to its partners.

    The same answer whatever was open.
    """
    body = await body_of(request, LONGEST_REPORT)
    key_id = request.headers.get("github-public-key-identifier", "")
    signature = request.headers.get("github-public-key-signature", "")

    def act(call: Call) -> None:
        findings = scanning.verified(call, body, key_id, signature)
        with working(call) as within:
            scanning.revoke(within, findings)

    await as_nobody(request, act)
    return respond.json({}, 202)


async def revoke_for_organization(request: Request) -> Response:
    """POST /api/organizations/{name}/settings/tokens/revoke"""
    body = await json_of(request, OneToken)
    await work(
        request, lambda within: org_tokens.revoke_value(within, field(request, "name"), body.token)
    )
    return respond.ok()


ROUTES = (
    Route(("POST",), "/api/credentials/scanned", scanned, "secret scanners"),
    Route(("POST",), "/api/credentials/revoke", revoke, "secret scanners, finders"),
    Route(
        ("POST",),
        "/api/organizations/{name}/settings/tokens/revoke",
        revoke_for_organization,
        "admins' scripts",
    ),
)
