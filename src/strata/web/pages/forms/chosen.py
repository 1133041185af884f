"""What was chosen in a form: one of several things, or organisations that were ticked."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from strata.core.errors import Malformed
from strata.web.pages.forms.body import Form

VISIBILITIES: Final = ("public", "private")
NOT_OFFERED: Final = "This form offers no such choice. Open the page again."

FIELD: Final = "org-"  # and the public id; a form keeps one value a name


def organizations_in(form: Form) -> list[str]:
    """The public ids that were ticked."""
    return [name.removeprefix(FIELD) for name in form if name.startswith(FIELD)]


def one_of(form: Form, name: str, offered: Collection[str]) -> str:
    """What was chosen of some things; what is missing or unknown stands for none of them.

    Raises:
        Malformed: no page of ours sends that.
    """
    value = form.get(name, "")
    if value not in offered:
        raise Malformed(NOT_OFFERED)
    return value
