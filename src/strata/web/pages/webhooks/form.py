"""The form of a webhook: what was typed, what it means, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from strata.community.webhooks.faults import BadWebhook
from strata.community.webhooks.manage import Shown, Wish
from strata.community.webhooks.names import NAMESPACE
from strata.community.webhooks.payload import TYPES
from strata.core.errors import InvalidFields
from strata.core.names import RepoType
from strata.events.webhooks.record import Domain, Watched
from strata.web.pages.forms.body import Form
from strata.web.pages.words.account import Told, told

_PREFIXES: Final = {kind.web_prefix: kind for kind in TYPES if kind.web_prefix}


@dataclass(frozen=True, slots=True)
class Typed:
    """What the fields hold; names one a line."""

    url: str = ""
    accounts: str = ""
    repositories: str = ""
    repo: bool = True  # the domain
    discussion: bool = True
    has_secret: bool = False
    secret: str = field(default="", repr=False)
    without_secret: bool = False


def asked(query: Mapping[str, str]) -> Typed:
    """An empty form, filled in with what a link names: `?repositories=datasets/ana/rows`."""
    return Typed(accounts=query.get("accounts", ""), repositories=query.get("repositories", ""))


def typed(form: Form) -> Typed:
    """Read a submitted form."""
    return Typed(
        url=form.get("url", ""),
        accounts=form.get("accounts", ""),
        repositories=form.get("repositories", ""),
        repo="repo" in form,
        discussion="discussion" in form,
        has_secret="without_secret" in form,
        secret=form.get("secret", ""),
        without_secret="without_secret" in form,
    )


def typed_anew(shown: Shown) -> Typed:
    """The form of a webhook as it is."""
    webhook = shown.webhook
    accounts = [one.name for one in shown.watched if one.namespace_id is not None]
    repositories = [_written(one) for one in shown.watched if one.repo_id is not None]
    return Typed(
        url=webhook.url,
        accounts="\n".join(accounts),
        repositories="\n".join(repositories),
        repo=webhook.on_repos,
        discussion=webhook.on_discussions,
        has_secret=webhook.secret is not None,
    )


def wish_of(entry: Typed, *, exists: bool) -> Wish:
    """What was asked for.

    Args:
        exists: an empty secret field then keeps the secret.
    """
    on = {Domain.REPO: entry.repo, Domain.DISCUSSION: entry.discussion}
    secret: str | None = entry.secret
    if exists and not entry.secret and not entry.without_secret:
        secret = None
    return Wish(
        entry.url,
        list(_watched(entry)),
        [domain for domain, chosen in on.items() if chosen],
        secret,
    )


def told_of(language: str, error: BadWebhook) -> Told:
    """Say what is wrong, beside the field of the page that it is about."""
    ((name, keys),) = error.fields.items()
    if name == "watched":
        name = "repositories" if "webhook.unknown_repo" in keys else "accounts"
    return told(language, InvalidFields({name: keys}, **error.values))


def _written(one: Watched) -> str:
    return f"{RepoType(one.type).web_prefix}{one.name}"


def _watched(entry: Typed) -> Iterator[Watched]:
    for name in entry.accounts.split():
        yield Watched(NAMESPACE, name)
    for line in entry.repositories.split():
        kind, name = RepoType.MODEL, line.strip("/")
        for prefix, other in _PREFIXES.items():
            if name.startswith(prefix):
                kind, name = other, name.removeprefix(prefix)
        yield Watched(kind.value, name)
