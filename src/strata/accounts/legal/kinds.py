"""Which documents people agree to, and where each is read."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class DocumentKind(StrEnum):
    """What there is to agree to; `tables.consents.document` holds one."""

    TERMS = "terms"
    PRIVACY = "privacy"
    GUIDELINES = "guidelines"


# The address of its page, without the prefix of the site.
PAGES: Final[Mapping[str, str]] = {
    DocumentKind.TERMS.value: "/terms-of-service",
    DocumentKind.PRIVACY.value: "/privacy",
    DocumentKind.GUIDELINES.value: "/content-guidelines",
}
