"""What clients ask of the hub itself: who am I, health, telemetry, agents."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from strata.access.policy.seeing import shows_membership
from strata.accounts import profiles
from strata.community.tokens.scopes import described, wire_of
from strata.core.actor import Actor, TokenFacts, TokenKind
from strata.core.build import build
from strata.core.call import Call
from strata.core.errors import Unauthenticated
from strata.credentials.oauth.openid.claims import Told, what_is_told
from strata.organizations import queries as organizations
from strata.organizations.record import Membership
from strata.repos.queries import repos_by_ids
from strata.web import respond
from strata.web.paths import Route
from strata.web.work import exchange, hub_of, read


async def whoami(request: Request) -> Response:
    """GET /api/whoami-v2"""
    return respond.json(await read(request, _whoami))


def _whoami(call: Call) -> dict[str, object]:
    """The exact keys of a plain user token; one more breaks the JavaScript client's test."""
    if call.actor.user_id is None:
        raise Unauthenticated("Invalid username or password.")
    token = call.actor.token
    if token is not None and token.kind is TokenKind.PUBLISHER:
        return _app(call, token)
    person = profiles.person(call, call.actor.user_id)
    told = what_is_told(call)
    return {
        "type": "user",
        "id": person.public_id,
        "name": person.name,
        "fullname": person.full_name or person.name,
        "email": person.email if told.email else None,
        "emailVerified": person.verified,
        "canPay": False,
        "billingMode": "postpaid",
        "periodEnd": None,
        "isPro": False,
        "avatarUrl": f"{call.hub.settings.prefix}/avatars/{person.public_id}.svg",
        "orgs": [
            _org(call, held)
            for held in organizations.memberships_of(call, person.id)
            if _tells(call.actor, told, held.organization.id)
        ],
        "auth": _auth(call),
    }


def _app(call: Call, token: TokenFacts) -> dict[str, object]:
    """A job of a CI service, which is nobody: hub-api 03 §2."""
    found = repos_by_ids(call, token.grants.repos if token.grants else ())
    entities = [
        {"_id": repo.key, "type": repo.type.value, "name": repo.full_name}
        for repo in found.values()
    ]
    return {
        "type": "app",
        "id": f"{token.id:024x}",
        "name": token.name,
        "scope": {"entities": entities, "role": "write"},
        "orgs": [],
        "auth": {"type": "oidc", "expiresAt": respond.moment(token.expires_at or call.now)},
    }


def _tells(actor: Actor, told: Told, organization_id: int) -> bool:
    """Whether the answer names an organisation: what an application hears is what it asked for."""
    if actor.token is not None and actor.token.kind is TokenKind.OAUTH:
        return told.organizations is None or organization_id in told.organizations
    return shows_membership(actor, organization_id)


def _org(call: Call, held: Membership) -> dict[str, object]:
    organization = held.organization
    return {
        "type": "org",
        "id": organization.public_id,
        "name": organization.name,
        "fullname": organization.full_name,
        "email": None,
        "canPay": False,
        "periodEnd": None,
        "avatarUrl": f"{call.hub.settings.prefix}/avatars/{organization.public_id}.svg",
        "roleInOrg": held.role.value,
        "isEnterprise": False,
        "plan": None,
    }


def _auth(call: Call) -> dict[str, object]:
    token = call.actor.token
    if token is None:
        return {"type": "session"}
    if token.kind is not TokenKind.ACCESS:
        ends = None if token.expires_at is None else respond.moment(token.expires_at)
        return {"type": "oauth", "expiresAt": ends}
    shown: dict[str, object] = {
        "displayName": token.name,
        "role": token.role.value,
        "createdAt": respond.moment(token.created_at),
    }
    if call.actor.grants is not None:
        scopes = described(call, call.actor.grants, call.actor.user_id or 0)
        shown["fineGrained"] = wire_of(scopes)
    return {"type": "access_token", "accessToken": shown}


async def agent_harnesses(_request: Request) -> Response:
    """GET /api/agent-harnesses

    An object: a list crashes every later call of clients since 1.19.
    """
    return respond.json({"standardEnvVars": [], "harnesses": {}})


async def telemetry(_request: Request) -> Response:
    """HEAD /api/telemetry/{topic}/{path}

    Heard and forgotten: nothing about use leaves or stays on the hub.
    """
    return Response(status_code=204)


async def healthz(_request: Request) -> Response:
    """GET /healthz"""
    return respond.json({"status": "ok"})


async def readyz(request: Request) -> Response:
    """GET /readyz

    The process answers, the database too.
    """
    await read(request, lambda call: call.db.exec_driver_sql("SELECT 1").scalar())
    return respond.json({"status": "ready"})


async def prometheus(request: Request) -> Response:
    """GET /metrics"""
    text = exchange(request).metrics.exposition()
    return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")


async def version(request: Request) -> Response:
    """GET /api/version — `commit` is null where the package does not say"""
    runs, name = build(), hub_of(request).settings.site_name
    return respond.json({"name": name, "version": runs.version, "commit": runs.commit})


ROUTES = (
    Route(("GET",), "/api/whoami-v2", whoami, "all clients: log-in and token checks"),
    Route(("GET",), "/api/agent-harnesses", agent_harnesses, "huggingface_hub ≥ 1.19"),
    Route(("GET", "HEAD"), "/api/telemetry/{topic}/{path}", telemetry, "huggingface_hub"),
    Route(("GET", "HEAD"), "/healthz", healthz, "operators"),
    Route(("GET", "HEAD"), "/readyz", readyz, "operators"),
    Route(("GET",), "/metrics", prometheus, "Prometheus"),
    Route(("GET",), "/api/version", version, "operators"),
)
