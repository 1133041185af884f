"""Which organisations a person ticked on a consent card."""

from __future__ import annotations

from typing import Final

from strata.web.pages.forms.body import Form

FIELD: Final = "org-"  # and the public id; a form keeps one value a name


def organizations_in(form: Form) -> list[str]:
    """The public ids that were ticked."""
    return [name.removeprefix(FIELD) for name in form if name.startswith(FIELD)]
