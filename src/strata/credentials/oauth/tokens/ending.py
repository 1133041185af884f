"""Log-ins of applications that end before their time: at their own wish, or because of a leak."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from strata.accounts import confirmed, people
from strata.core.call import Call, Work, working
from strata.credentials.oauth import apps, consents
from strata.credentials.oauth.tables import oauth_accesses, oauth_consents
from strata.credentials.oauth.tokens import families
from strata.credentials.oauth.tokens.families import ACCESS_PREFIX, LONGEST, Family
from strata.credentials.tokens.ending import revoke_all
from strata.credentials.tokens.leaked import leaks
from strata.credentials.tokens.letters import token_leaked
from strata.credentials.tokens.tables import oauth_refreshes, tokens
from strata.credentials.tokens.values import REFRESH_PREFIX
from strata.events import outbox
from strata.events.facts import Whose, record


def revoke(call: Call, credentials: apps.Credentials, value: str) -> None:
    """End the log-in that a token belongs to, at the wish of its application (RFC 7009).

    A token that is unknown, over or of another application is not an error: it opens nothing for
    the caller.

    Raises:
        ClientRefused: the application is not the one that it says it is.
    """
    app = apps.authenticated(call, credentials)
    family_id = _of_value(call, value)
    if family_id is None:
        return
    with working(call) as work:
        people.locked(work, _person_of(work, family_id))
        family = families.by_id(work, family_id)
        if family is not None and family.app.id == app.id:
            families.end(work, family_id)
            record(
                work,
                "oauth.revoke",
                target=app.name,
                actor_id=family.user_id,
                detail={"client_id": app.client_id, "by": "application"},
            )


def report(work: Work, values: Sequence[str]) -> None:
    """Revoke whatever is a token; says nothing of which were.

    Raises:
        Malformed, TooMany: as `leaks.count_report`.
    """
    leaks.count_report(work, values)
    end_leaked(work, dict.fromkeys(values, ""))


def end_leaked(work: Work, places: Mapping[str, str]) -> int:
    """Revoke what others could read: access tokens, and log-ins by their refresh tokens.

    Args:
        places: value → where it was seen; empty: somebody reported it.

    Returns:
        How many were open until now.
    """
    theirs = {_person_of(work, family_id) for family_id in _families(work, places)}
    for user_id in sorted(theirs | leaks.owners(work, places)):
        people.locked(work, user_id)  # who refreshes it at this moment has another value then
    ids = _families(work, places)
    for family_id in sorted(ids):
        family = families.by_id(work, family_id)
        if family is not None:
            _end_leaked(work, family, ids[family_id])
    return len(ids) + leaks.revoke(work, places)


def end_all(work: Work, user_id: int) -> None:
    """Leave nothing that opens a locked account: no token, no log-in, nothing to fetch one with.

    Whom the person let in is not forgotten: it may ask them again.
    """
    revoke_all(work, user_id)
    theirs = sa.select(oauth_consents.c.id, oauth_consents.c.app_id).where(
        oauth_consents.c.user_id == user_id
    )
    for consent_id, app_id in work.db.execute(theirs.order_by(oauth_consents.c.id)).all():
        app = apps.by_id(work, app_id)
        if consents.end_log_ins(work, consent_id) and app is not None:
            detail = {"client_id": app.client_id, "by": "password reset"}
            record(work, "oauth.revoke", target=app.name, actor_id=user_id, detail=detail)


def _families(call: Call, places: Mapping[str, str]) -> dict[int, str]:
    """The log-ins whose refresh tokens are among these values, and where each was seen."""
    found = {
        _of_value(call, value): place
        for value, place in places.items()
        if value.startswith(REFRESH_PREFIX)
    }
    return {family_id: place for family_id, place in found.items() if family_id is not None}


def _end_leaked(work: Work, family: Family, place: str) -> None:
    families.end(work, family.id)
    whose = Whose(subject_id=family.user_id)
    record(work, "token.revoke_leak", target=family.app.name, detail={"place": place}, whose=whose)
    user = people.by_id(work, family.user_id)
    if user is not None:
        for reader in confirmed.readers(work, user):
            letter = token_leaked(work, reader, token_name=family.app.name, place=place)
            outbox.post(work, letter)


def _of_value(call: Call, value: str) -> int | None:
    """The family that a token, of either kind, belongs to."""
    if not value.startswith(ACCESS_PREFIX) or len(value) > LONGEST:
        return None
    if value.startswith(REFRESH_PREFIX):
        digest = call.hub.secrets.digest("oauth.refresh", value)
        statement = sa.select(oauth_refreshes.c.family_id).where(oauth_refreshes.c.digest == digest)
    else:
        digest = call.hub.secrets.digest("token", value)
        statement = (
            sa.select(oauth_accesses.c.family_id)
            .join(tokens, tokens.c.id == oauth_accesses.c.token_id)
            .where(tokens.c.digest == digest)
        )
    found: int | None = call.db.scalar(statement)
    return found


def _person_of(work: Work, family_id: int) -> int:
    """Whose log-in it is; 0: it has ended."""
    family = families.by_id(work, family_id)
    return 0 if family is None else family.user_id
