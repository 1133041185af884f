"""What organisations say that they are, in the words of the pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from strata.organizations.record import OrganizationKind
from strata.web.pages.words.language import N_, translated

KINDS: Final[Mapping[str, str]] = {
    OrganizationKind.COMPANY.value: N_("Company"),
    OrganizationKind.UNIVERSITY.value: N_("University"),
    OrganizationKind.LAB.value: N_("Laboratory"),
    OrganizationKind.NON_PROFIT.value: N_("Non-profit"),
    OrganizationKind.COMMUNITY.value: N_("Community"),
}


def kind_word(language: str, kind: str) -> str:
    """What stands on the profile; empty: it does not say."""
    return translated(language, KINDS[kind]) if kind in KINDS else ""


def kind_choices(language: str) -> list[tuple[str, str]]:
    """The options of a form."""
    unsaid = ("", translated(language, N_("Not said")))
    return [unsaid, *((kind, kind_word(language, kind)) for kind in KINDS)]
