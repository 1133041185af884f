"""What this room holds of a person: which commits their keys have verified."""

from __future__ import annotations

from typing import Final

from strata.content.verdicts.tables import commit_verdicts
from strata.core.personal import Kept, Personal

PERSONAL: Final = Personal(kept=(Kept(commit_verdicts.c.user_id, "unname"),), parts=())
