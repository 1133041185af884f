"""From what happened to the exit code that scripts look at.

0 done · 1 a bug · 2 wrong usage or input · 3 settings · 4 not found · 5 conflict
6 not allowed · 7 too many or too large · 8 the database is out of reach
9 unsound, says `strata doctor`
"""

from __future__ import annotations

USAGE, SETTINGS, NOT_FOUND, CONFLICT, FORBIDDEN, LIMIT, DATABASE = 2, 3, 4, 5, 6, 7, 8

# Looked up by the names of an error's classes, so that naming the codes imports nothing.
_CODES = {
    "BadSettings": SETTINGS,
    "Malformed": USAGE,
    "Unprocessable": USAGE,
    "RangeUnsatisfiable": USAGE,
    "NotOffered": USAGE,
    "NotFound": NOT_FOUND,
    "Gone": NOT_FOUND,
    "Moved": NOT_FOUND,
    "Conflict": CONFLICT,
    "ParentMoved": CONFLICT,
    "Unauthenticated": FORBIDDEN,
    "Forbidden": FORBIDDEN,
    "TooMany": LIMIT,
    "TooLarge": LIMIT,
    "OperationalError": DATABASE,
}

# What a rule means to somebody at a terminal; pages have their own words in both languages.
_SENTENCES = {
    "name.taken": "this name is in use",
    "name.similar": "it is easily taken for another name; --look-alike creates it all the same",
    "name.invalid": "use letters, digits, '.', '_' and '-', at most 96",
    "name.reserved": "this name is reserved",
    "email.invalid": "this is no e-mail address",
    "pw.too_short": "use at least 8 characters",
    "pw.too_short_phrase": "use at least 12 characters",
    "pw.breached": "this password has appeared in a leak",
    "pw.too_long": "use at most 128 characters",
    "pw.need_upper": "add an uppercase letter",
    "pw.need_lower": "add a lowercase letter",
    "pw.need_special": "add a special symbol such as ! @ #",
    "pw.control_char": "leave out control characters",
    "pw.common": "this password is too common",
    "pw.contains_identity": "leave the user name out of the password",
    "full_name.too_long": "use at most 100 characters",
    "full_name.invalid": "leave out < > and addresses",
    "full_name.unseen": "leave out characters that nobody sees",
    "full_name.mixed": "write it in one script; Chinese, Japanese and Korean go with Latin",
    "token.name_empty": "give the token a name",
    "token.name_too_long": "use at most 100 characters",
    "token.bad_name": "this name cannot be used",
    "token.dup": "the user already has a token with this name",
    "token.too_many": "the user has %(has)s of %(total)s tokens; revoke one, or see `strata plan`",
}


def code_of(error: Exception) -> int | None:
    """The exit code of a failure that the operator can act upon; None for a bug."""
    for kind in type(error).__mro__:
        if kind.__name__ in _CODES:
            return _CODES[kind.__name__]
    return None


def sentence_of(error: Exception) -> str:
    """What went wrong, in one or more lines."""
    fields: dict[str, tuple[str, ...]] | None = getattr(error, "fields", None)
    if fields is None:
        text = str(error).partition("\n")[0]
        return _SENTENCES.get(text, text)
    values: dict[str, str] = getattr(error, "values", {})
    lines = (
        f"{name}: {'; '.join(_SENTENCES.get(key, key) % values for key in keys)}"
        for name, keys in fields.items()
    )
    return "\n        ".join(lines)
