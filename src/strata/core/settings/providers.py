"""Other sites whose word about a person counts here: GitHub, Google, any OpenID Connect issuer.

They stand in a TOML file of their own, which `logins.file` names:

    [[provider]]
    id = "github"                       # in addresses: /login/with/github
    kind = "github"                     # "github", "google" or "oidc"
    name = "GitHub"                     # on the button
    client_id = "…"
    client_secret = "…"

    [[provider]]
    id = "work"
    kind = "oidc"
    name = "Example Corp"
    issuer = "https://login.example.com"
    client_id = "…"
    client_secret = "…"
    authoritative_domains = ["example.com"]  # its word links to an account with such an address
    required_domains = ["example.com"]       # people with such an address come in by no other way
    roles = ["ml-team=acme:write"]           # group = organization : role
    plans = ["ml-team=Pro", "staff=Team"]    # group = plan; the first that somebody is in
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final, get_type_hints
from urllib.parse import urlsplit

from strata.core.actor import Role
from strata.core.settings.refusal import BadSettings

GOOGLE: Final = "https://accounts.google.com"
KINDS: Final = ("github", "google", "oidc")
_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")
_CLAIMS: Final = {
    "email_claim": "email",
    "verified_claim": "email_verified",
    "name_claim": "name",
    "username_claim": "preferred_username",
    "groups_claim": "groups",
}
_WAYS: Final = frozenset({"password", "passkey"})  # how people log in here; no site is named so
_REQUIRED: Final = ("id", "kind", "name", "client_id", "client_secret")


@dataclass(frozen=True, slots=True)
class RoleRule:
    """Members of a group there have a role in an organisation here."""

    group: str
    organization: str
    role: Role


@dataclass(frozen=True, slots=True)
class LoginProvider:
    """One site, as the operator describes it."""

    id: str
    kind: str
    name: str
    client_id: str
    client_secret: str = field(repr=False)
    issuer: str = ""  # of kind oidc; Google has its own
    url: str = "https://github.com"  # of kind github: GitHub Enterprise has another
    api_url: str = "https://api.github.com"
    scopes: tuple[str, ...] = ()  # besides those that are always asked for
    allowed_domains: tuple[str, ...] = ()  # whose addresses may come in; empty: any
    authoritative_domains: tuple[str, ...] = ()  # whose addresses it knows better than we
    required_domains: tuple[str, ...] = ()  # whose people come in through it alone; "*.example.com"
    hosted_domain: str = ""  # of Google Workspace
    trust_mfa: bool = False  # a second factor there counts here
    email_claim: str = "email"  # names of claims may lead inside: "realm_access.roles"
    verified_claim: str = "email_verified"  # whether the site has verified that address
    name_claim: str = "name"
    username_claim: str = "preferred_username"
    groups_claim: str = "groups"
    untyped_logout: bool = False  # its logout tokens lack the type `logout+jwt`
    client_auth: str = ""  # "basic" or "post"; empty: where the site's document says
    roles: tuple[str, ...] = ()  # "group=organization:role"
    plans: tuple[str, ...] = ()  # "group=plan", the best first

    @property
    def rules(self) -> tuple[RoleRule, ...]:
        return tuple(_rule(text) for text in self.roles)

    @property
    def plan_rules(self) -> tuple[tuple[str, str], ...]:
        """Groups, and the plan that each stands for."""
        return tuple(_plan_rule(text) for text in self.plans)

    @property
    def named_groups(self) -> frozenset[str]:
        """The groups that mean something here; of others nothing is kept."""
        return frozenset([rule.group for rule in self.rules] + [one for one, _ in self.plan_rules])


@dataclass(frozen=True, slots=True)
class Vouched:
    """At whose word somebody came in, as digests; empty: they showed it to us."""

    identity: str = ""  # who they are at a site
    session: str = ""  # theirs at the site; empty: it has no name


UNVOUCHED: Final = Vouched()


def load_providers(path: Path | None) -> tuple[LoginProvider, ...]:
    """Read the file.

    Raises:
        BadSettings: it cannot be read, or says something that cannot be.
    """
    if path is None:
        return ()
    try:
        parsed = tomllib.loads(path.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettings(f"Cannot read {path} (logins.file): {error}") from error
    tables = parsed.get("provider")
    if set(parsed) != {"provider"} or not isinstance(tables, list):
        raise BadSettings(f"{path} (logins.file) must hold [[provider]] tables and nothing else.")
    found = tuple(_provider(table) for table in tables)
    if len({one.id for one in found}) != len(found):
        raise BadSettings(f"{path} (logins.file): two providers have the same id.")
    required = [domain.lower() for one in found for domain in one.required_domains]
    if len(set(required)) != len(required):
        raise BadSettings(f"{path} (logins.file): a domain is in required_domains twice.")
    return found


def _provider(table: dict[str, Any]) -> LoginProvider:
    name = str(table.get("id", "?"))
    hints = get_type_hints(LoginProvider)
    known = {one.name for one in fields(LoginProvider)}
    for key, value in table.items():
        if key not in known:
            raise BadSettings(f"Login provider {name}: unknown key `{key}`.")
        _require_type(name, key, value, hints[key])
    missing = [key for key in _REQUIRED if not table.get(key)]
    if missing:
        raise BadSettings(f"Login provider {name}: {', '.join(missing)} is missing.")
    lists = {key: tuple(value) for key, value in table.items() if isinstance(value, list)}
    provider = LoginProvider(**{**table, **lists})
    _require_sound(provider)
    _require_readable(provider)
    if provider.kind == "google" and not provider.issuer:
        return LoginProvider(**{**table, **lists, "issuer": GOOGLE})
    return provider


def _require_type(name: str, key: str, value: object, hint: Any) -> None:
    if hint == tuple[str, ...]:
        good = isinstance(value, list) and all(isinstance(one, str) for one in value)
    else:
        good = isinstance(value, hint)
    if not good:
        raise BadSettings(f"Login provider {name}: `{key}` has the wrong type.")


def _require_sound(provider: LoginProvider) -> None:
    if not _ID.fullmatch(provider.id):
        raise BadSettings(f"Login provider {provider.id}: the id has a-z, 0-9 and - only.")
    if provider.id in _WAYS:
        raise BadSettings(f"Login provider {provider.id}: this id has a meaning of its own.")
    if provider.kind not in KINDS:
        raise BadSettings(f"Login provider {provider.id}: kind is one of {', '.join(KINDS)}.")
    if provider.kind == "oidc" and not provider.issuer:
        raise BadSettings(f"Login provider {provider.id}: issuer is missing.")
    addresses = (provider.issuer, provider.url, provider.api_url)
    if any(one and urlsplit(one).scheme not in ("https", "http") for one in addresses):
        raise BadSettings(f"Login provider {provider.id}: addresses begin with https://.")
    if provider.client_auth not in ("", "basic", "post"):
        raise BadSettings(f"Login provider {provider.id}: client_auth is `basic` or `post`.")
    if any(not getattr(provider, name) for name in _CLAIMS):
        raise BadSettings(f"Login provider {provider.id}: the name of a claim is not empty.")
    if provider.kind == "github" and any(getattr(provider, n) != d for n, d in _CLAIMS.items()):
        raise BadSettings(f"Login provider {provider.id}: GitHub has no claims to name.")
    if provider.kind == "github" and (provider.roles or provider.plans or provider.trust_mfa):
        raise BadSettings(
            f"Login provider {provider.id}: GitHub tells neither groups nor second factors, "
            "so `roles`, `plans` and `trust_mfa` could not hold."
        )


def _require_readable(provider: LoginProvider) -> None:
    allowed, required = set(provider.allowed_domains), set(provider.required_domains)
    if allowed and not required <= allowed:
        raise BadSettings(
            f"Login provider {provider.id}: required_domains are among allowed_domains, "
            "or nobody of them could come in."
        )
    for text in provider.roles:
        _rule(text)
    for text in provider.plans:
        _plan_rule(text)


def _plan_rule(text: str) -> tuple[str, str]:
    group, _, plan = text.rpartition("=")
    if not group or not plan.strip():
        raise BadSettings(f"Login plan {text!r} must look like `group=plan`.")
    return group, plan.strip()


def _rule(text: str) -> RoleRule:
    group, _, granted = text.rpartition("=")
    organization, _, role = granted.partition(":")
    if not group or not organization or role not in set(Role):
        raise BadSettings(f"Login role {text!r} must look like `group=organization:role`.")
    return RoleRule(group, organization, Role(role))
