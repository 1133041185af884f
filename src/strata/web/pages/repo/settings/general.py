"""What an owner changes about a repo as a whole (product §2.5 P37)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from strata.access.gates.admit import admits
from strata.access.policy.verbs import Action
from strata.blobs.inventory.holdings import Total, total
from strata.content.snapshot import MAIN, snapshot_of
from strata.core.call import Call, Work
from strata.core.errors import AlreadyExists, InvalidFields, Malformed
from strata.core.names import RepoId, require_repo_name
from strata.organizations import queries as organizations
from strata.repos import change
from strata.repos.lookup import lookup
from strata.web.pages.forms.body import Form, form_of, submitted
from strata.web.pages.forms.chosen import VISIBILITIES, one_of
from strata.web.pages.frame.addresses.places import person_address
from strata.web.pages.frame.render import url_path
from strata.web.pages.frame.visit import in_transaction, redirected, shown, user_id_of, visiting
from strata.web.pages.repo.gate_view import countries
from strata.web.pages.repo.head import RepoHead, head_of
from strata.web.pages.repo.settings.gates import GateSettings, change_gate, gate_of
from strata.web.pages.repo.settings.transfer import owners_for, transfer
from strata.web.pages.words.language import N_, sentences, translated
from strata.web.pages.words.phrases import ERRORS, TYPE_THE_NAME
from strata.web.work import repo_of

NAME_RULE: Final = N_(
    "Use letters, numbers, “-”, “_” and “.”; no “--” or “..”, none of “-.” at the start or end, "
    "at most 96 characters; some words are reserved."
)
ANOTHER_NAME: Final = N_("Type another name.")


@dataclass(frozen=True, slots=True)
class SettingsPage:
    """All that the page shows."""

    head: RepoHead
    given: Mapping[str, str]  # what was typed into a form that could not be accepted
    large: Total
    gate: GateSettings | None  # None: what has no gate
    new_owners: tuple[str, ...]  # to whom the viewer may give it
    removes: bool  # the viewer may rename and delete it
    shares: bool  # the viewer may say who else works on it
    of_organization: bool  # it belongs to one, whose members see it while it is private


Act = Callable[[Work, RepoId, Form], str]  # returns the address to go on to
Show = Callable[[Request, Form, Mapping[str, tuple[str, ...]]], Awaitable[Response]]


async def page(request: Request) -> Response:
    """GET /{repo}/settings"""
    return await _shown(request, {}, {})


async def submit(request: Request) -> Response:
    """POST /{repo}/settings — `form`: visibility, gate, discussions, rename, transfer or delete."""
    return await changed(request, _ACTS, _shown)


async def changed(request: Request, acts: Mapping[str, Act], show: Show) -> Response:
    """Do what a form of the settings asks for; the page again when it cannot be accepted.

    Args:
        show: the page, with what was typed and the faults of each field.
    """
    form = await form_of(request)
    repo_id = repo_of(request)
    act = acts.get(form.get("form", ""))
    if act is None:
        raise Malformed("This form is not known here. Open the page again.")
    try:
        _, onward = await submitted(
            request, form, lambda call, sent: _done(call, act, repo_id, sent)
        )
    except InvalidFields as error:
        return await show(request, form, error.fields)
    return redirected(request, onward)


def _done(call: Call, act: Act, repo_id: RepoId, form: Form) -> str:
    return in_transaction(lambda work: act(work, repo_id, form))(call)


def _page(call: Call, repo_id: RepoId, given: Form) -> SettingsPage:
    repo = lookup(call, repo_id, Action.MANAGE)
    user_id_of(call)
    at = snapshot_of(call, repo, MAIN)
    head, gate = head_of(call, at, MAIN), gate_of(call, at)
    return SettingsPage(
        head=head,
        given=given,
        large=total(call, repo),
        gate=gate,
        new_owners=owners_for(call, repo),
        removes=admits(call, Action.REMOVE, repo),
        shares=admits(call, Action.SHARE, repo),
        of_organization=organizations.by_id(call, repo.owner_id) is not None,
    )


def change_visibility(work: Work, repo_id: RepoId, form: Form) -> str:
    """Hide the repo, or show it to everybody once its name was typed."""
    private = one_of(form, "visibility", VISIBILITIES) == "private"
    if not private:
        require_typed_name(work, repo_id, form, "public_name")
    repo = change.change_settings(work, repo_id, change.Settings(private=private))
    return f"{url_path(repo.web_path)}/settings"


def _switch_discussions(work: Work, repo_id: RepoId, form: Form) -> str:
    disabled = one_of(form, "discussions", ("on", "off")) == "off"
    wanted = change.Settings(discussions_disabled=disabled)
    repo = change.change_settings(work, repo_id, wanted)
    return f"{url_path(repo.web_path)}/settings"


def rename(work: Work, repo_id: RepoId, form: Form) -> str:
    """Give the repo another name; its address then.

    Raises:
        InvalidFields: a name that no repo may have, or that another has.
    """
    name = form.get("new_name", "").strip()
    try:
        require_repo_name(name)
    except Malformed as error:
        raise InvalidFields({"new_name": (NAME_RULE,)}) from error
    repo = lookup(work, repo_id, Action.MANAGE)
    if name == repo.name:
        raise InvalidFields({"new_name": (ANOTHER_NAME,)})
    try:
        moved = change.move(work, repo_id, RepoId(repo.type, repo.namespace, name))
    except AlreadyExists as error:
        raise InvalidFields({"new_name": ("name.taken",)}) from error
    return url_path(moved.web_path)


def _delete(work: Work, repo_id: RepoId, form: Form) -> str:
    require_typed_name(work, repo_id, form, "delete_name")
    change.delete(work, repo_id)
    return person_address(repo_id.namespace or "")


def require_typed_name(work: Work, repo_id: RepoId, form: Form, field_name: str) -> None:
    """Insist that the repo's full name was typed."""
    repo = lookup(work, repo_id, Action.MANAGE)
    if form.get(field_name, "").strip() != repo.full_name:
        raise InvalidFields({field_name: (TYPE_THE_NAME,)})


_ACTS: Final[Mapping[str, Act]] = {
    "visibility": change_visibility,
    "gate": change_gate,
    "discussions": _switch_discussions,
    "rename": rename,
    "transfer": transfer,
    "delete": _delete,
}


async def _shown(request: Request, given: Form, faults: Mapping[str, tuple[str, ...]]) -> Response:
    repo_id = repo_of(request)
    visit, found = await visiting(request, lambda call: _page(call, repo_id, given))
    errors = told(visit.frame.language, given, faults)
    return shown(
        request,
        "repos/settings.html",
        visit,
        status=400 if errors else 200,
        page=found,
        head=found.head,
        errors=errors,
        countries=countries(visit.frame.language),
    )


def told(language: str, given: Form, faults: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """The faults of each field in the reader's language."""
    return {
        name: sentences(
            language,
            (translated(language, ERRORS.get(key, key), name=given.get(name, "")) for key in keys),
        )
        for name, keys in faults.items()
    }
