"""What the forms of discussions have in common: bounds, faults, previews."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from markupsafe import Markup

from strata.community.discussions.texts import LONGEST_COMMENT, titled
from strata.core.errors import InvalidFields, Malformed
from strata.web.pages.forms.body import Form
from strata.web.pages.frame.dressing import Visit
from strata.web.pages.words.language import N_, sentences, translated
from strata.web.pages.words.phrases import ERRORS

LONGEST_FORM: Final = 1024 * 1024  # bytes; a comment of 64 KiB is three times that in a form
TITLE_RULE: Final = N_("A title has 3 to 200 characters.")
EMPTY_COMMENT: Final = N_("Write something first.")
LONG_COMMENT: Final = N_("This text is too long: a comment may have 64 KiB.")

_CODE: Final = '<pre class="highlight">'
_CODE_IN_REACH: Final = '<pre class="highlight" tabindex="0">'


def require_title(form: Form) -> str:
    """The title that was typed.

    Raises:
        InvalidFields: too short or too long.
    """
    try:
        return titled(form.get("title", ""))
    except Malformed as error:
        raise InvalidFields({"title": (TITLE_RULE,)}) from error


def require_text(form: Form, name: str) -> str:
    """A text that was typed, with the line ends of a text instead of those of a form.

    Raises:
        InvalidFields: too long.
    """
    text = form.get(name, "").replace("\r\n", "\n")
    if len(text.encode("utf-8", "surrogatepass")) > LONGEST_COMMENT:
        raise InvalidFields({name: (LONG_COMMENT,)})
    return text


def require_comment(form: Form) -> str:
    """A comment that says something.

    Raises:
        InvalidFields: blank or too long.
    """
    text = require_text(form, "comment")
    if not text.strip():
        raise InvalidFields({"comment": (EMPTY_COMMENT,)})
    return text


def is_preview(form: Form) -> bool:
    """Whether only a preview was asked for."""
    return "preview" in form


def faults_of(visit: Visit, faults: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """What is wrong with each field, in the reader's language."""
    language = visit.frame.language
    return {
        name: sentences(language, (translated(language, ERRORS.get(key, key)) for key in keys))
        for name, keys in faults.items()
    }


def in_reach(html: str) -> Markup:
    """A rendering for a page: code scrolls sideways on phones, so the keyboard must reach it."""
    return Markup(html.replace(_CODE, _CODE_IN_REACH))  # noqa: S704 - sanitised by lib.markdown
