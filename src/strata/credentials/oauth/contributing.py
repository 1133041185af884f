"""The repos that an application made for somebody; with `contribute-repos` it goes on with them.

Kept whatever the scope was then: an application that asks for it later goes on with what it made.
Its tokens name all of these repos, wherever they stand by now; that they open those alone which
stand where the person lets it in is the policy's (`access.policy.narrowing`).
Source: hub-api 03 §5.1, product §4.4.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import sqlalchemy as sa

from strata.accounts import people
from strata.core.actor import TokenKind
from strata.core.call import Work
from strata.core.permissions import Permission, grants_of, kept_of
from strata.credentials.oauth.tables import (
    oauth_accesses,
    oauth_consents,
    oauth_families,
    oauth_made,
)
from strata.credentials.tokens.tables import tokens

OPENED: Final = frozenset({Permission.CONTENT_WRITE.value})  # of each of these repos


def made_for(work: Work, app_id: int, user_id: int) -> list[int]:
    """The ids of the repos that an application made for somebody; making others waits."""
    people.locked(work, user_id)
    statement = sa.select(oauth_made.c.repo_id).where(
        oauth_made.c.app_id == app_id, oauth_made.c.user_id == user_id
    )
    return list(work.db.scalars(statement))


def note(work: Work, repo_id: int) -> None:
    """The caller has just made a repo: when it is an application, let it go on with it."""
    token = work.actor.token
    if token is None or token.kind is not TokenKind.OAUTH:
        return
    consent = work.db.execute(
        sa.select(oauth_consents.c.id, oauth_consents.c.app_id, oauth_consents.c.user_id)
        .join(oauth_families, oauth_families.c.consent_id == oauth_consents.c.id)
        .join(oauth_accesses, oauth_accesses.c.family_id == oauth_families.c.id)
        .where(oauth_accesses.c.token_id == token.id)
    ).first()
    if consent is None:  # of a job, not of an application
        return
    people.locked(work, consent.user_id)  # a token that is issued this moment opens it, too
    made = {"app_id": consent.app_id, "user_id": consent.user_id, "repo_id": repo_id}
    work.db.execute(sa.insert(oauth_made).values(made))
    _open(work, consent.id, repo_id)


def _open(work: Work, consent_id: int, repo_id: int) -> None:
    """Its tokens that are out there open the repo from now on, as those to come will."""
    held = work.db.execute(
        sa.select(tokens.c.id, tokens.c.grants)
        .join(oauth_accesses, oauth_accesses.c.token_id == tokens.c.id)
        .join(oauth_families, oauth_families.c.id == oauth_accesses.c.family_id)
        .where(oauth_families.c.consent_id == consent_id)
        .with_for_update(of=tokens)
    )
    for token in held.all():
        before = grants_of(token.grants)
        # Only this scope lets a token create, and nothing else, in a namespace.
        if any(Permission.REPO_CREATE.value in names for names in before.namespaces.values()):
            after = replace(before, repos={**before.repos, repo_id: OPENED})
            here = sa.update(tokens).where(tokens.c.id == token.id)
            work.db.execute(here.values(grants=kept_of(after)))
