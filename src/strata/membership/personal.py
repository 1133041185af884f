"""What this room holds of a person."""

from __future__ import annotations

from typing import Final

from strata.core.personal import Kept, Personal
from strata.membership.confirming.tables import verifications
from strata.membership.emails.tables import email_changes
from strata.membership.export.tables import exports

PERSONAL: Final = Personal(
    kept=(
        Kept(exports.c.user_id, "delete"),
        Kept(verifications.c.user_id, "delete"),
        Kept(email_changes.c.user_id, "delete"),
    ),
)
