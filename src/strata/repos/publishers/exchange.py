"""An ID token of a CI job for a token of ours that lives an hour (hub-api 03 §6, RFC 8693).

What a job gets is what whoever set the publisher up may do, and no more than writing to that one
repo, or reading the gated repos that they were let into. If they lose their right, so do the jobs.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa

from strata.accounts import people, standing
from strata.accounts.naming import names
from strata.core.actor import Grants, TokenKind, TokenRole
from strata.core.call import Call, Work, working
from strata.core.errors import GrantRefused, NotFound, ProviderFailed, StrataError
from strata.core.hub import Hub
from strata.core.names import RepoId, RepoType
from strata.core.permissions import Permission
from strata.credentials.tokens.given import Given, Wanted, give
from strata.events.facts import record
from strata.repos.publishers import replays
from strata.repos.publishers.rules import as_provider, issuers, matches
from strata.repos.publishers.tables import publishers
from strata.repos.queries import path_key, repo_at
from strata.repos.record import Repo
from strata.sessions.identities.sites import endpoints, words

LIFE: Final = timedelta(hours=1)
LONGEST_STATEMENT: Final = 16 * 1024  # bytes
_KINDS: Final = {kind.web_prefix: kind for kind in RepoType if kind.web_prefix}
FOR_REPO, FOR_PERSON = "hf_jwt_", "hf_oauth_"
NOBODY: Final = (
    "No trusted publisher of this resource matches the ID token. Compare its issuer and claims "
    "with what the settings of the repository, or of the account, name."
)

AGAIN: Final = (
    "This ID token was exchanged before. Let the job ask its service for a fresh one, or have the "
    "operator of this hub name the issuer in publishers.reusable."
)


@dataclass(frozen=True, slots=True)
class Shown:
    """What a job shows, and what it wants."""

    statement: str = field(repr=False)  # the ID token
    resource: str  # "ns/name", "datasets/ns/name" or a username
    audience: str  # our address


def exchange(call: Call, shown: Shown) -> Given:
    """Give the job a token.

    Raises:
        GrantRefused: the statement does not hold (`invalid_request`), or matches nothing
            (`invalid_grant`, also where there is no such repo), or was exchanged before.
    """
    issuer, said = checked(call.hub, shown)
    repo, person = _resource(call, shown.resource)
    trusted = _matching(call, issuer, said, repo=repo, person=person)
    if trusted is None:
        raise GrantRefused("invalid_grant", NOBODY)
    owner = people.by_id(call, trusted.user_id)
    if owner is None:
        raise GrantRefused("invalid_grant", NOBODY)
    _require_open(call, owner)
    with working(call) as work:
        if not replays.is_first(work, issuer, shown.statement, said):
            raise GrantRefused("invalid_grant", AGAIN)
        return _given(work, trusted, owner, repo, said)


def checked(hub: Hub, shown: Shown) -> tuple[str, Mapping[str, Any]]:
    """The issuer of a statement that holds, and what it says.

    It may have to wait for the issuer's keys, which are kept then: who has a connection asks first
    without one.

    Raises:
        GrantRefused: it is none (`invalid_request`), or does not hold (`invalid_grant`).
    """
    issuer = _issuer_of(shown.statement)
    if issuer not in issuers(hub):
        raise GrantRefused("invalid_grant", "The issuer of this ID token is not trusted here.")
    provider = as_provider(hub, issuer, shown.audience)
    try:
        where = endpoints.of(hub, provider)
        return issuer, words.checked(hub, provider, where, shown.statement)
    except ProviderFailed as failed:
        raise GrantRefused("invalid_grant", f"This ID token does not hold: {failed.reason}.") from (
            failed
        )


def _issuer_of(statement: str) -> str:
    """Who says it, as yet unproved: only to know whose keys to check it with."""
    malformed = GrantRefused("invalid_request", "The field subject_token holds no ID token.")
    pieces = statement.split(".")
    if len(pieces) != 3 or len(statement) > LONGEST_STATEMENT:
        raise malformed
    try:
        payload = json.loads(base64.urlsafe_b64decode(pieces[1] + "=" * (-len(pieces[1]) % 4)))
    except (ValueError, binascii.Error) as error:
        raise malformed from error
    issuer = payload.get("iss") if isinstance(payload, dict) else None
    if not isinstance(issuer, str):
        raise malformed
    return issuer.rstrip("/")


def _resource(call: Call, text: str) -> tuple[Repo | None, names.Namespace | None]:
    """The repo or the person that is meant; what is not there matches nothing."""
    if "/" not in text:
        found = names.find(call, text) if text else None
        return None, found if found is not None and found.kind is names.Kind.USER else None
    first, _, rest = text.partition("/")
    kind = _KINDS.get(f"{first}/", RepoType.MODEL)
    try:
        repo_id = RepoId.parse(kind, text if kind is RepoType.MODEL else rest)
    except NotFound:
        return None, None
    return repo_at(call, repo_id.type, path_key(repo_id)), None


def _matching(
    call: Call,
    issuer: str,
    said: Mapping[str, Any],
    *,
    repo: Repo | None,
    person: names.Namespace | None,
) -> sa.Row[Any] | None:
    if repo is not None:
        which = publishers.c.repo_id == repo.id
    elif person is not None:
        which = sa.and_(publishers.c.user_id == person.id, publishers.c.repo_id.is_(None))
    else:
        return None
    rows = call.db.execute(sa.select(publishers).where(which, publishers.c.issuer == issuer))
    return next(_with(rows.all(), said), None)


def _with(rows: Any, said: Mapping[str, Any]) -> Iterator[sa.Row[Any]]:
    return (row for row in rows if matches(row.claims, said))


def _require_open(call: Call, owner: people.User) -> None:
    try:
        standing.require_open(standing.now(call, owner))
    except StrataError as closed:
        raise GrantRefused("invalid_grant", NOBODY) from closed


def _given(
    work: Work, trusted: sa.Row[Any], owner: people.User, repo: Repo | None, said: Mapping[str, Any]
) -> Given:
    seen = sa.update(publishers).where(publishers.c.id == trusted.id)
    if work.db.execute(seen.values(last_used_at=work.now)).rowcount == 0:
        raise GrantRefused("invalid_grant", NOBODY)  # it is trusted no more, since this moment
    write = frozenset({Permission.CONTENT_WRITE.value, Permission.DISCUSSION_WRITE.value})
    wanted = Wanted(
        user_id=owner.id,
        name=f"{repo.full_name if repo else owner.name} ({trusted.issuer})",
        kind=TokenKind.PUBLISHER if repo else TokenKind.OAUTH,
        role=TokenRole.FINE_GRAINED,
        grants=Grants(repos={repo.id: write}) if repo else Grants(gated=True),
        prefix=FOR_REPO if repo else FOR_PERSON,
        expires_at=work.now + LIFE,
    )
    record(
        work,
        "token.exchange",
        target=repo.full_name if repo else owner.name,
        repo_id=repo.id if repo else None,
        actor_id=owner.id,
        detail={"issuer": trusted.issuer, "job": str(said.get("sub", ""))[:200]},
    )
    return give(work, wanted)
