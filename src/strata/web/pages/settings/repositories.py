"""All of one's own repositories, and what can be done to many at once (product §2.2 P18)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from strata.blobs.quota.room import shown as bytes_shown
from strata.core.call import Call, Work
from strata.core.errors import InvalidFields, Malformed, RepoNotFound
from strata.core.names import RepoId, RepoType
from strata.lib.db.seek import Page
from strata.repos import change
from strata.search.storage import Order, Stored, storage_list
from strata.sessions.signed_in.sudo import require_sudo
from strata.web.pages.forms.body import Form, form_of, submitted
from strata.web.pages.forms.seeking import address_of, window_of
from strata.web.pages.frame.visit import in_transaction, redirected, shown, user_id_of, visiting
from strata.web.pages.words.language import N_, translated

PAGE: Final = "/settings/repositories"
PER_PAGE: Final = 50  # a form carries one field for each repo that is chosen
_CHOSEN: Final = "repo-"  # and type and name: the name of a repo's checkbox
CHOOSE: Final = N_("Choose at least one repository.")
CHOOSE_ACT: Final = N_("Choose what to do.")
TYPE_YOUR_NAME: Final = N_("Type your username to confirm.")
GONE: Final = N_("The list has changed meanwhile. Look at it and choose again.")


async def page(request: Request) -> Response:
    """GET /settings/repositories — `?sort=updated` begins with what changed last."""
    return await _page(request, {}, {})


async def submit(request: Request) -> Response:
    """POST /settings/repositories — `act` on all repos that were chosen, or on none."""
    form = await form_of(request)
    try:
        await submitted(request, form, _act)
    except InvalidFields as error:
        return await _page(request, {name: keys[0] for name, keys in error.fields.items()}, form)
    return redirected(request, PAGE, notice="repos-changed")


def _act(call: Call, form: Form) -> None:
    user_id_of(call)
    act, chosen = form.get("act", ""), _chosen(form)
    faults: dict[str, tuple[str, ...]] = {}
    if not chosen:
        faults["repos"] = (CHOOSE,)
    if act not in ("private", "public", "delete"):
        faults["act"] = (CHOOSE_ACT,)
    if act != "private" and form.get("confirm", "").strip() != call.actor.name:
        faults["confirm"] = (TYPE_YOUR_NAME,)
    if faults:
        raise InvalidFields(faults)
    if act != "private":
        require_sudo(call)

    def within(work: Work) -> None:
        for repo_id in chosen:
            _do(work, act, repo_id)

    try:
        in_transaction(within)(call)
    except RepoNotFound as error:
        raise InvalidFields({"repos": (GONE,)}) from error


def _do(work: Work, act: str, repo_id: RepoId) -> None:
    if act == "delete":
        change.delete(work, repo_id)
    else:
        change.change_settings(work, repo_id, change.Settings(private=act == "private"))


def _chosen(form: Form) -> list[RepoId]:
    return [_named(name.removeprefix(_CHOSEN)) for name in form if name.startswith(_CHOSEN)]


def _named(text: str) -> RepoId:
    kind, _, name = text.partition(":")
    if kind not in list(RepoType):
        raise Malformed("This form is not known here. Open the page again.")
    return RepoId.parse(RepoType(kind), name)


async def _page(request: Request, faults: Mapping[str, str], given: Form) -> Response:
    window = window_of(request, keys=2, limit=PER_PAGE)

    word = request.query_params.get("sort", "")
    order = Order(word) if word in list(Order) else Order.SIZE

    def act(call: Call) -> Page[Stored]:
        return storage_list(call, user_id_of(call), window, order)

    visit, found = await visiting(request, act)
    language = visit.frame.language
    return shown(
        request,
        "accounts/repositories.html",
        visit,
        status=400 if faults else 200,
        rows=found.rows,
        after=address_of(found.last),
        order=order.value,
        errors={name: translated(language, text) for name, text in faults.items()},
        given=given,
        size=bytes_shown,
    )
