"""What scripts and the sign-up form may know of the site's rules."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from strata.accounts.legal import documents
from strata.accounts.legal.kinds import PAGES
from strata.accounts.naming import names
from strata.accounts.passwords.policy import LONGEST, policy_of
from strata.core.settings.tree import Settings
from strata.web import respond
from strata.web.pages.words.language import LANGUAGES
from strata.web.work import hub_of, read


async def site_config(request: Request) -> Response:
    """GET /api/site-config"""
    settings = hub_of(request).settings
    providers = [{"id": one.id, "name": one.name} for one in hub_of(request).providers]
    versions = await read(request, documents.versions)
    return respond.json(
        {
            "name": settings.site_name,
            "languages": list(LANGUAGES),
            "signUp": {
                "mode": settings.accounts.sign_up,
                "providers": providers,
                "workBits": settings.accounts.sign_up_work_bits,
            },
            "password": password_policy(settings),
            "username": {"minLength": names.SHORTEST, "maxLength": names.LONGEST},
            "documents": _documents(settings.prefix, versions),
            "limits": _limits(settings),
        }
    )


def password_policy(settings: Settings) -> dict[str, object]:
    """The rules that a form can show while somebody types; the server checks more (§3.2)."""
    policy = policy_of(settings.accounts)
    return {
        "policy": policy.name,
        "minLength": policy.shortest,
        "maxLength": LONGEST,
        "uppercase": policy.composed,
        "lowercase": policy.composed,
        "special": policy.composed,
    }


def _documents(prefix: str, versions: dict[str, str]) -> dict[str, dict[str, str]]:
    return {
        kind: {"version": version, "path": f"{prefix}{PAGES[kind]}"}
        for kind, version in versions.items()
    }


def _limits(settings: Settings) -> dict[str, int]:
    return {
        "maxFileBytes": settings.limits.max_file_bytes,
        "regularFileBytes": settings.limits.regular_file_bytes,
        "tokensPerUser": settings.accounts.tokens_per_user,
    }
