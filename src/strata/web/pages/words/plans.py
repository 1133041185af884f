"""What plans are called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from strata.accounts.plans.quotas import FREE
from strata.web.pages.words.language import N_, translated

PLANS: Final[Mapping[str, str]] = {FREE: N_("Free")}
"""The plan that everybody has; no operator can give its name to another."""


def plan_word(language: str, plan: str) -> str:
    """A plan in the reader's language; the name that an operator chose as it is."""
    return translated(language, PLANS[plan]) if plan in PLANS else plan
