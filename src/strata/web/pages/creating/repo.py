"""Create a repo in the browser (product §2.3 P19)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from strata.access.policy.roles import may_create
from strata.accounts.profile.preferences import preferences_of
from strata.content.bucket import record as bucket
from strata.content.card.licences import LICENCES as KNOWN_LICENCES
from strata.content.making import new_repo
from strata.core.call import Call
from strata.core.errors import AlreadyExists, Malformed
from strata.core.names import RepoType, require_repo_name
from strata.organizations import queries
from strata.organizations.record import Organization
from strata.repos.create import SDKS, Wish
from strata.repos.record import Repo
from strata.web.pages.forms.body import Form, form_of, submitted
from strata.web.pages.forms.chosen import VISIBILITIES, one_of
from strata.web.pages.frame.render import url_path
from strata.web.pages.frame.visit import in_transaction, redirected, shown, visiting
from strata.web.pages.repo.settings.general import NAME_RULE
from strata.web.pages.words.language import N_, translated
from strata.web.pages.words.licences import LICENCES
from strata.web.pages.words.phrases import ERRORS
from strata.web.work import exchange

_NEW: Final = {
    "/new": RepoType.MODEL,
    "/new-dataset": RepoType.DATASET,
    "/new-space": RepoType.SPACE,
    "/new-kernel": RepoType.KERNEL,
    "/new-bucket": RepoType.BUCKET,
}
_NAMES: Final = {
    RepoType.MODEL: N_("model"),
    RepoType.DATASET: N_("dataset"),
    RepoType.SPACE: N_("Space"),
    RepoType.KERNEL: N_("kernel"),
    RepoType.BUCKET: N_("bucket"),
}
AS_OWNER: Final = "default"  # the visibility that the owner has chosen for new repos
_NO_LICENCE: Final = N_("Choose a licence from the list.")
_WITHOUT: Final = N_("No licence yet")
_OTHER: Final = N_("Another licence")
_NO_SDK: Final = N_("Choose what the Space is made with.")


@dataclass(frozen=True, slots=True)
class Draft:
    """What the form holds."""

    kind: RepoType
    owner: str = ""  # empty: the viewer
    name: str = ""
    licence: str = ""
    visibility: str = ""  # "public", "private" or as the owner has it
    sdk: str = "static"

    @property
    def address(self) -> str:
        return next(path for path, kind in _NEW.items() if kind is self.kind)


async def page(request: Request) -> Response:
    """GET /new, /new-dataset, /new-space, /new-kernel, /new-bucket"""
    asked = request.query_params
    draft = Draft(_kind(request), asked.get("owner", "")[:96], asked.get("name", "")[:96])
    return await _form_page(request, draft, {})


async def submit(request: Request) -> Response:
    """POST /new, /new-dataset, /new-space, /new-kernel, /new-bucket"""
    form = await form_of(request)
    draft = _draft(_kind(request), form)
    errors = _faults(draft)
    if errors:
        return await _form_page(request, draft, errors)
    try:
        _, repo = await submitted(request, form, lambda call, _: _create(call, draft))
    except AlreadyExists:
        return await _form_page(request, draft, {"name": "repo.exists"})
    return redirected(request, url_path(repo.web_path))


def _kind(request: Request) -> RepoType:
    match = exchange(request).match
    return _NEW[match.route.template if match else "/new"]


def _draft(kind: RepoType, form: Form) -> Draft:
    return Draft(
        kind,
        owner=form.get("owner", ""),
        name=form.get("name", "").strip(),
        licence=form.get("license", ""),
        visibility=one_of(form, "visibility", (*VISIBILITIES, AS_OWNER)),
        sdk=form.get("sdk", "static"),
    )


def _faults(draft: Draft) -> dict[str, str]:
    """What is wrong with each field, as a sentence marked for translation."""
    faults: dict[str, str] = {}
    try:
        require_repo_name(draft.name)
    except Malformed:
        faults["name"] = NAME_RULE
    if draft.licence and draft.licence not in KNOWN_LICENCES:
        faults["license"] = _NO_LICENCE
    if draft.kind is RepoType.SPACE and draft.sdk not in SDKS:
        faults["sdk"] = _NO_SDK
    return faults


def _create(call: Call, draft: Draft) -> Repo:
    wish = Wish(
        type=draft.kind,
        namespace=draft.owner or None,
        name=draft.name,
        private=None if draft.visibility == AS_OWNER else draft.visibility == "private",
        sdk=draft.sdk if draft.kind is RepoType.SPACE else None,
    )
    if draft.kind is RepoType.BUCKET:
        return in_transaction(lambda work: bucket.create(work, wish))(call)
    return new_repo.create(call, wish, files={}, license_id=draft.licence or None)


def _owners(call: Call) -> tuple[Organization, ...]:
    """The organisations in which the viewer may create repos."""
    if call.actor.user_id is None:
        return ()
    held = (one.organization for one in queries.memberships_of(call, call.actor.user_id))
    return tuple(one for one in held if may_create(call.actor, one.id))


def _places(call: Call) -> tuple[tuple[Organization, ...], bool]:
    """Where the viewer may create repos, and whether they prefer private ones."""
    user_id = call.actor.user_id
    private = user_id is not None and preferences_of(call, user_id).private_repos
    return _owners(call), private


async def _form_page(request: Request, draft: Draft, errors: Mapping[str, str]) -> Response:
    visit, (owners, private) = await visiting(request, _places)
    if visit.frame.viewer is None:
        return redirected(request, f"/login?next={draft.address}")
    language = visit.frame.language
    kind = translated(language, _NAMES[draft.kind])
    told = {
        name: translated(language, ERRORS.get(text, text), type=kind)
        for name, text in errors.items()
    }
    return shown(
        request,
        "repos/new.html",
        visit,
        status=400 if told else 200,
        draft=draft,
        owners=_choices(visit.frame.viewer.name, owners),
        private=private,
        private_owners=[one.name for one in owners if one.private_by_default],
        errors=told,
        licences=_licences(language),
    )


def _choices(viewer: str, owners: tuple[Organization, ...]) -> tuple[tuple[str, str], ...]:
    """Who may own the repo; nothing to choose for whoever is in no organisation."""
    names = (viewer, *(one.name for one in owners)) if owners else ()
    return tuple((name, name) for name in names)


def _licences(language: str) -> tuple[tuple[str, str], ...]:
    """The choices of the form, with none and another one."""
    none, other = translated(language, _WITHOUT), translated(language, _OTHER)
    return (("", none), *((key, f"{name} ({key})") for key, name in LICENCES), ("other", other))
