"""Whose commit it is: what is written into git, and who that is again.

Commits carry `<name>@users.noreply.<host>`, never the private address. Read back, that form or a
confirmed address of an account names the account; anything else stays the name that git says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from strata.accounts.mailboxes.addresses import key_of
from strata.content import queries
from strata.core.actor import Actor, TokenKind
from strata.core.call import Call
from strata.core.hub import Hub
from strata.lib.git.model import CommitFacts
from strata.lib.git.write import Signature

JOB = "[OIDC]"  # who commits when a CI job does, as the Hub names it
_NO_REPLY = "users.noreply."


@dataclass(frozen=True, slots=True)
class Author:
    """Who made a commit; without `public_id` no account is known."""

    name: str
    public_id: str | None  # 24 hex


def signature_of(hub: Hub, actor: Actor) -> Signature:
    """What the caller's commits are signed with."""
    if actor.token is not None and actor.token.kind is TokenKind.PUBLISHER:
        return Signature(JOB, f"no-reply@{_host(hub)}")
    if actor.name is None:
        return Signature(hub.settings.site_name, f"no-reply@{_host(hub)}")
    return Signature(actor.name, f"{actor.name}@{_NO_REPLY}{_host(hub)}")


def authors_of(call: Call, commits: Iterable[CommitFacts]) -> Mapping[str, Author]:
    """The authors of commits, by the e-mail address that git says, in two queries."""
    names = {key_of(commit.author_email): commit.author_name for commit in commits}
    suffix = f"@{_NO_REPLY}{_host(call.hub)}".casefold()
    ours = {email: email.removesuffix(suffix) for email in names if email.endswith(suffix)}
    people = queries.people_named(call, ours.values()) if ours else {}
    foreign = [email for email in names if email and email not in ours]
    confirmed = queries.people_at(call, foreign) if foreign else {}
    found: dict[str, Author] = {}
    for email, name in names.items():
        person = people.get(ours[email]) if email in ours else confirmed.get(email)
        found[email] = Author(person.name, person.public_id) if person else Author(name, None)
    return found


def author_of(authors: Mapping[str, Author], commit: CommitFacts) -> Author:
    """The author of one of the commits that `authors_of` was asked about."""
    author = authors[key_of(commit.author_email)]
    return author if author.public_id else Author(commit.author_name, None)


def _host(hub: Hub) -> str:
    return urlsplit(hub.settings.public_url).hostname or "localhost"
