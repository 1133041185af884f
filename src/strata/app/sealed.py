"""Every column that holds sealed texts; a test insists that none is missing."""

from __future__ import annotations

from strata.accounts.factors import totp
from strata.accounts.factors.tables import authenticators
from strata.core.sealing import Sealed
from strata.credentials.oauth.openid import keys
from strata.credentials.oauth.tables import oauth_keys
from strata.events.webhooks import sending
from strata.events.webhooks.tables import webhooks
from strata.sessions.identities import leaving
from strata.sessions.identities.tables import logins_elsewhere

SEALED: tuple[Sealed, ...] = (
    Sealed(authenticators.c.sealed, totp.PURPOSE),
    Sealed(webhooks.c.secret, sending.PURPOSE),
    Sealed(oauth_keys.c.sealed, keys.PURPOSE),
    Sealed(logins_elsewhere.c.id_token, leaving.PURPOSE),
)
