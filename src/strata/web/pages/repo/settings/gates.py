"""The gate among the settings of a repo (product P37): its mode, who is told, what others see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from strata.access.gates import notices, queries
from strata.access.gates.admit import GATEABLE
from strata.access.gates.record import Mode, Notices, Standing
from strata.access.policy.things import Gate
from strata.accounts.people import by_id
from strata.content.card.front_matter import card_at
from strata.content.snapshot import Snapshot
from strata.core.call import Call, Work
from strata.core.errors import InvalidFields, Malformed
from strata.core.names import RepoId
from strata.repos import change
from strata.web.pages.forms.body import Form
from strata.web.pages.forms.chosen import one_of
from strata.web.pages.frame.render import url_path
from strata.web.pages.repo.gate_view import GatePanel, preview_of

_GATES: Final[Mapping[str, Gate | Literal[False]]] = {
    "off": False,
    "auto": "auto",
    "manual": "manual",
}


@dataclass(frozen=True, slots=True)
class GateSettings:
    """How the gate stands, and what strangers would see before it."""

    notices: Notices
    preview: GatePanel
    waiting: int  # requests that wait for a decision
    of_members: bool  # the repo is an organisation's


def gate_of(call: Call, at: Snapshot) -> GateSettings | None:
    """The settings of a repo's gate; None for what has no gate."""
    if at.repo.type not in GATEABLE:
        return None
    return GateSettings(
        notices=queries.notices_of(call, at.repo.id),
        preview=preview_of(call, at, card_at(call, at)),
        waiting=queries.counts(call, at.repo.id)[Standing.PENDING],
        of_members=by_id(call, at.repo.owner_id) is None,
    )


def change_gate(work: Work, repo_id: RepoId, form: Form) -> str:
    """Put a gate up or take it away, and choose who is told of requests."""
    gated = _GATES[one_of(form, "gate", _GATES)]
    settings = change.Settings(gated=gated, gate_members=form.get("members") == "on")
    repo = change.change_settings(work, repo_id, settings)
    mode: Mode = "bulk" if form.get("mode") == "bulk" else "real-time"
    try:
        notices.change(work, repo, email=form.get("email", ""), mode=mode)
    except Malformed as error:
        raise InvalidFields({"email": ("email.invalid",)}) from error
    return f"{url_path(repo.web_path)}/settings"
