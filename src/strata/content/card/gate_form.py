"""The form before a gate: what its card asks of who wants in, and what was answered (product P38).

A card gives `extra_gated_fields` as a map or as a list of one-key maps; both are in use.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from strata.access.gates import requests
from strata.access.gates.record import Answer, Standing
from strata.access.policy.verbs import Action
from strata.content.card.countries import COUNTRIES
from strata.content.card.front_matter import Card, card_at
from strata.content.snapshot import snapshot
from strata.core.call import Work
from strata.core.errors import InvalidFields
from strata.core.names import RepoId
from strata.lib.markdown.front_matter import Value

Kind = Literal["text", "checkbox", "date_picker", "country", "select"]

LONGEST_ANSWER: Final = 1000  # characters
LONGEST_LABEL: Final = 300  # characters of a field's or an option's name
MOST_FIELDS: Final = 40
MOST_OPTIONS: Final = 300
REQUIRED: Final = "gate.required"
NOT_AGREED: Final = "gate.not_agreed"
TOO_LONG: Final = "gate.too_long"
NO_CHOICE: Final = "gate.no_choice"
NO_DATE: Final = "gate.no_date"
_YES: Final = frozenset({"on", "true", "1", "yes"})


@dataclass(frozen=True, slots=True)
class Field:
    """One question."""

    key: str  # "gate-0": the name of the control on a page
    name: str  # what the card calls it, and the key of the answer
    kind: Kind
    options: tuple[tuple[str, str], ...] = ()  # of a select: value and label
    optional: bool = False


@dataclass(frozen=True, slots=True)
class GateForm:
    """What stands before a gate; empty texts are those of the page."""

    heading: str = ""
    description: str = ""
    prompt: str = ""  # Markdown
    button: str = ""
    fields: tuple[Field, ...] = ()

    def checked(self, given: Mapping[str, object]) -> dict[str, Answer]:
        """The answers under the names of their fields; what was not asked is left out.

        Args:
            given: by the name of the field or the name of its control.

        Raises:
            InvalidFields: by the names of the fields.
        """
        answers: dict[str, Answer] = {}
        faults: dict[str, tuple[str, ...]] = {}
        for field in self.fields:
            answer, fault = _read(field, given.get(field.name, given.get(field.key)))
            if fault:
                faults[field.name] = (fault,)
            elif answer is not None:
                answers[field.name] = answer
        if faults:
            raise InvalidFields(faults)
        return answers


def ask_for_access(work: Work, repo_id: RepoId, given: Mapping[str, object]) -> Standing:
    """Ask to be let through the gate of a repo, with the answers that its card wants.

    Raises:
        InvalidFields: an answer is missing or does not fit.
        RepoNotFound, RepoNotGated, Unauthenticated, EmailNotVerified, Forbidden, TooMany: as
            `access.gates.requests.ask`.
    """
    at = snapshot(work, repo_id, action=Action.LOOK)
    return requests.ask(work, at.repo, lambda: form_of(card_at(work, at)).checked(given))


def form_of(card: Card) -> GateForm:
    """Read the form out of a card; what is no question is passed over."""
    metadata = card.metadata
    questions = list(_questions(metadata.get("extra_gated_fields")))[:MOST_FIELDS]
    return GateForm(
        heading=_text(metadata.get("extra_gated_heading")),
        description=_text(metadata.get("extra_gated_description")),
        prompt=_text(metadata.get("extra_gated_prompt")),
        button=_text(metadata.get("extra_gated_button_content"))[:LONGEST_LABEL],
        fields=tuple(_field(number, *question) for number, question in enumerate(questions)),
    )


def _questions(value: Value) -> Iterator[tuple[str, Value]]:
    maps = value if isinstance(value, list) else [value]
    for one in maps:
        if not isinstance(one, dict):
            continue
        for name, about in one.items():
            if 0 < len(str(name).strip()) <= LONGEST_LABEL:
                yield str(name).strip(), about


def _field(number: int, name: str, about: Value) -> Field:
    details = about if isinstance(about, dict) else {"type": about}
    options = tuple(_options(details.get("options")))[:MOST_OPTIONS]
    kind: Kind
    match details.get("type"):
        case "checkbox":
            kind = "checkbox"
        case "date_picker":
            kind = "date_picker"
        case "country":
            kind = "country"
        case "select" if options:
            kind = "select"
        case _:
            kind = "text"
    return Field(f"gate-{number}", name, kind, options, details.get("optional") is True)


def _options(value: Value) -> Iterator[tuple[str, str]]:
    for option in value if isinstance(value, list) else []:
        if isinstance(option, dict):
            label, chosen = option.get("label"), option.get("value")
            text = _text(chosen if chosen is not None else label)
            yield text[:LONGEST_LABEL], (_text(label) or text)[:LONGEST_LABEL]
        elif option is not None:
            text = _text(option)[:LONGEST_LABEL]
            yield text, text


def _text(value: Value) -> str:
    return value.strip() if isinstance(value, str) else "" if value is None else str(value)


def _read(field: Field, given: object) -> tuple[Answer | None, str]:
    """An answer, or the message key of what is wrong with it."""
    if field.kind == "checkbox":
        agreed = given is True or str(given).lower() in _YES
        return agreed, "" if agreed or field.optional else NOT_AGREED
    text = "" if given is None else str(given).strip()
    if not text:
        return None, "" if field.optional else REQUIRED
    if len(text) > LONGEST_ANSWER:
        return None, TOO_LONG
    return _fitting(field, text)


def _fitting(field: Field, text: str) -> tuple[Answer | None, str]:
    if field.kind == "country":
        return text.upper(), "" if text.upper() in COUNTRIES else NO_CHOICE
    if field.kind == "select":
        return text, "" if text in dict(field.options) else NO_CHOICE
    if field.kind == "date_picker":
        return text, "" if _is_date(text) else NO_DATE
    return text, ""


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return len(text) == len("2026-11-25")
