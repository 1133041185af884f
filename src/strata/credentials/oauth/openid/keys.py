"""What the hub signs its statements about people with (OpenID Connect).

RS256, which every OpenID Connect client can check. The keys are kept in the database, so that all
nodes of a hub sign alike, and sealed with the secret key, so that a copy of the database signs
nothing. A new one is made every quarter; the older ones are published as long as something that
they signed may be looked at.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa
from joserfc import jwt
from joserfc.jwk import RSAKey

from strata.core.call import Call, Work
from strata.credentials.oauth.tables import oauth_keys

ALGORITHM: Final = "RS256"
BITS: Final = 3072  # 128 bits of security (NIST SP 800-57)
CHEAP_BITS: Final = 2048  # where keys are made for tests
SIGNS_FOR: Final = timedelta(days=90)
# Verifiers ask for our keys again when they meet an unknown one, and ours sign for some hours.
PUBLISHED_FOR: Final = SIGNS_FOR + timedelta(days=7)
PURPOSE: Final = "oauth.key"


def published(call: Call) -> list[dict[str, Any]]:
    """The public keys, newest first, as a JWK set lists them."""
    rows = call.db.execute(
        sa.select(oauth_keys.c.public)
        .where(oauth_keys.c.created_at > call.now - PUBLISHED_FOR)
        .order_by(oauth_keys.c.created_at.desc())
    )
    return [dict(row.public) for row in rows]


def signed(work: Work, claims: Mapping[str, Any]) -> str:
    """A statement that others can check with `published`."""
    key = _newest(work) or make(work)
    header = {"alg": ALGORITHM, "typ": "JWT", "kid": key.kid}
    return jwt.encode(header, dict(claims), key, algorithms=[ALGORITHM])


def turn(work: Work) -> None:
    """Make the next key when it is time, and forget those that nobody needs any more."""
    if _newest(work) is None:
        make(work)
    work.db.execute(
        sa.delete(oauth_keys).where(oauth_keys.c.created_at <= work.now - PUBLISHED_FOR)
    )


def make(work: Work) -> RSAKey:
    """Make a key, which signs from now on."""
    bits = CHEAP_BITS if work.hub.settings.testing else BITS
    key = RSAKey.generate_key(bits, {"use": "sig", "alg": ALGORITHM}, private=True, auto_kid=True)
    work.db.execute(
        sa.insert(oauth_keys).values(
            kid=key.kid,
            public=key.as_dict(private=False),
            sealed=work.hub.secrets.seal(PURPOSE, json.dumps(key.as_dict(private=True))),
            created_at=work.now,
        )
    )
    return key


def _newest(call: Call) -> RSAKey | None:
    """The key that signs; None when it is time for a new one, or the secret key was changed."""
    row = call.db.execute(
        sa.select(oauth_keys.c.sealed)
        .where(oauth_keys.c.created_at > call.now - SIGNS_FOR)
        .order_by(oauth_keys.c.created_at.desc())
        .limit(1)
    ).first()
    opened = None if row is None else call.hub.secrets.unseal(PURPOSE, row.sealed)
    return None if opened is None else RSAKey.import_key(json.loads(opened))
