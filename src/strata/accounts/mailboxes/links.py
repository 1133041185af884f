"""Links that mails carry: each holds a secret, of which only the digest is kept."""

from __future__ import annotations

import secrets
from typing import Final

from strata.core.hub import Hub

LONGEST: Final = 128  # characters of a secret that is looked for; ours have 43


def fresh() -> str:
    """The secret of a new link, 256 bits: it stands in the mail and nowhere else."""
    return secrets.token_urlsafe(32)


def digest(hub: Hub, purpose: str, secret: str) -> str:
    """Under what the secret of a link is kept and found, 64 hex.

    Args:
        purpose: what they are for, so that none opens what another one is for.
        secret: as somebody's browser says it; one that is too long finds nothing.
    """
    return hub.secrets.digest(purpose, secret[:LONGEST])
