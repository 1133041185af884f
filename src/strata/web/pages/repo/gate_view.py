"""What a gate says to whoever stands before it: the panel above the card (product P38)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

from babel import Locale
from markupsafe import Markup

from strata.access.gates import queries
from strata.access.gates.admit import standing_of
from strata.access.gates.record import Standing
from strata.access.policy.gate import meets_gate
from strata.access.policy.things import Gate
from strata.access.policy.verbs import Action
from strata.accounts.mailboxes.addresses import masked
from strata.accounts.people import by_id
from strata.content.card import gate_form
from strata.content.card.countries import COUNTRIES
from strata.content.card.front_matter import Card
from strata.content.card.gate_form import GateForm
from strata.content.snapshot import MAIN, Snapshot
from strata.core.call import Call
from strata.web.pages.frame.addresses.places import Place
from strata.web.pages.repo.card_view import markdown_of
from strata.web.pages.words.language import N_, locale_name, sentences, translated

State = Literal["log_in", "form", "pending", "accepted", "rejected", "reset"]

FAULTS: Final[Mapping[str, str]] = {
    gate_form.REQUIRED: N_("Answer this question."),
    gate_form.NOT_AGREED: N_("Agree to this to get access."),
    gate_form.TOO_LONG: N_("Use at most 1,000 characters."),
    gate_form.NO_CHOICE: N_("Choose one of the list."),
    gate_form.NO_DATE: N_("Enter a date such as 2026-11-25."),
}
"""What is wrong with an answer, by the room's message keys."""


_DECIDED: Final[Mapping[Standing, State]] = {
    Standing.PENDING: "pending",
    Standing.ACCEPTED: "accepted",
    Standing.REJECTED: "rejected",
}


@dataclass(frozen=True, slots=True)
class GatePanel:
    """All that the panel shows."""

    state: State
    mode: Gate
    form: GateForm
    prompt: Markup
    reason: str  # of a rejection or a reset
    email: str  # masked, of the person who may ask
    given: Mapping[str, str]  # what was typed into a form that could not be accepted


def panel_of(
    call: Call, at: Snapshot, card: Card, given: Mapping[str, str] | None = None
) -> GatePanel | None:
    """The panel for the viewer; None where no gate stands before them."""
    mode = at.repo.gated
    if mode is None or not meets_gate(call.actor, Action.READ, at.repo):
        return None
    form = gate_form.form_of(card)
    place = Place(at.repo.repo_id, MAIN)
    prompt = markdown_of(place, form.prompt, prefix=call.hub.settings.prefix)
    request = queries.request_of(call, at.repo.id, call.actor.user_id or 0)
    person = by_id(call, call.actor.user_id) if call.actor.user_id else None
    return GatePanel(
        state=_state(call, at),
        mode=mode,
        form=form,
        prompt=prompt or Markup(),
        reason=(request.reason if request else "") or "",
        email=masked(person.email) if person else "",
        given=given or {},
    )


def preview_of(call: Call, at: Snapshot, card: Card) -> GatePanel:
    """The panel as a stranger would see it, for whoever sets the gate up."""
    form = gate_form.form_of(card)
    place = Place(at.repo.repo_id, MAIN)
    prompt = markdown_of(place, form.prompt, prefix=call.hub.settings.prefix) or Markup()
    return GatePanel("form", at.repo.gated or "manual", form, prompt, "", "•••@•••", {})


def _state(call: Call, at: Snapshot) -> State:
    if call.actor.user_id is None:
        return "log_in"
    standing = standing_of(call, call.actor, at.repo)
    if standing is None or standing is Standing.RESET:
        return "form" if standing is None else "reset"
    return _DECIDED[standing]


def told(language: str, panel: GatePanel, faults: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """What is wrong with the answers, by the names of their controls."""
    return {
        field.key: sentences(
            language, (translated(language, FAULTS[key]) for key in faults[field.name])
        )
        for field in panel.form.fields
        if field.name in faults
    }


@cache
def countries(language: str) -> tuple[tuple[str, str], ...]:
    """The countries in the order of their names."""
    names = Locale.parse(locale_name(language)).territories
    listed = [(code, str(names.get(code, code))) for code in COUNTRIES]
    return tuple(sorted(listed, key=lambda pair: pair[1].casefold()))
