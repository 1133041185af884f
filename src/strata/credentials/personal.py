"""What this room holds of a person."""

from __future__ import annotations

from typing import Final

from strata.core.personal import Kept, Part, Personal, rows_of
from strata.credentials.keys.tables import gpg_keys, ssh_keys
from strata.credentials.oauth.tables import oauth_apps, oauth_consents, oauth_made
from strata.credentials.tokens.tables import tokens

PERSONAL: Final = Personal(
    kept=(
        Kept(tokens.c.user_id, "delete"),
        Kept(oauth_consents.c.user_id, "delete"),
        Kept(oauth_made.c.user_id, "delete"),
        Kept(oauth_apps.c.owner_id, "delete"),
        Kept(ssh_keys.c.user_id, "delete"),
        Kept(gpg_keys.c.user_id, "delete"),
    ),
    parts=(
        Part(
            "tokens",
            rows_of(
                tokens.c.user_id,
                tokens.c.name,
                tokens.c.role,
                tokens.c.kind,
                tokens.c.prefix,
                tokens.c.suffix,
                tokens.c.created_at,
                tokens.c.rotated_at,
                tokens.c.expires_at,
                tokens.c.last_used_at,
                tokens.c.last_used_ip,
            ),
        ),
        Part(
            "keys",
            rows_of(
                ssh_keys.c.user_id,
                ssh_keys.c.title,
                ssh_keys.c.algorithm,
                ssh_keys.c.fingerprint,
                ssh_keys.c.created_at,
                ssh_keys.c.last_used_at,
            ),
        ),
        Part(
            "gpg-keys",
            rows_of(
                gpg_keys.c.user_id,
                gpg_keys.c.fingerprint,
                gpg_keys.c.addresses,
                gpg_keys.c.created_at,
                gpg_keys.c.expires_at,
            ),
        ),
        Part(
            "applications",
            rows_of(
                oauth_consents.c.user_id,
                oauth_apps.c.name,
                oauth_consents.c.scopes,
                oauth_consents.c.created_at,
                source=oauth_consents.join(oauth_apps),
            ),
        ),
    ),
)
