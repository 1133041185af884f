"""Make a collection in the browser, fill it from a repo's page, change and delete it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from strata.access.policy.persons import require_person
from strata.access.policy.verbs import Action
from strata.community.collections import edit, items
from strata.community.collections.edit import Changes, Wish
from strata.community.collections.items import Addition, ItemChange, kind_and_id, target_of
from strata.community.collections.queries import changeable
from strata.community.collections.reading import holding
from strata.community.collections.record import (
    LONGEST_DESCRIPTION,
    LONGEST_NOTE,
    LONGEST_TITLE,
    Collection,
    Theme,
)
from strata.core.actor import Role
from strata.core.call import Call, Work
from strata.core.errors import CollectionExists, Conflict, InvalidFields, Malformed
from strata.organizations import queries as organizations
from strata.web.pages.collections.show import CollectionPage, home_of, page_of, slug_in
from strata.web.pages.forms.body import Form, form_of, submitted
from strata.web.pages.forms.chosen import VISIBILITIES, one_of
from strata.web.pages.frame.dressing import Visit
from strata.web.pages.frame.visit import in_transaction, redirected, shown, user_id_of, visiting
from strata.web.pages.words.language import N_, translated

NO_TITLE: Final = N_("Give it a title of 1 to 60 characters.")
TITLE_TAKEN: Final = N_("There is a collection of this title already.")
TOO_LONG: Final = N_("Use at most 150 characters.")
TYPE_THE_TITLE: Final = N_("Type the title of the collection to confirm.")
THEMES: Final = {
    Theme.ORANGE: N_("Orange"),
    Theme.BLUE: N_("Blue"),
    Theme.GREEN: N_("Green"),
    Theme.PURPLE: N_("Purple"),
    Theme.PINK: N_("Pink"),
    Theme.INDIGO: N_("Indigo"),
}


@dataclass(frozen=True, slots=True)
class Draft:
    """What the form of a new collection holds."""

    given: Form
    owners: tuple[str, ...]  # whose it can be: the visitor's own name first

    def value(self, name: str) -> str:
        return self.given.get(name, "")


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the visitor's collections, for the thing that shall be added."""

    collection: Collection
    holds_it: bool


@dataclass(frozen=True, slots=True)
class AddPage:
    """Which collection a thing shall go into."""

    item: str  # "models/ns/name"
    name: str
    choices: tuple[Choice, ...]


async def new_page(request: Request) -> Response:
    """GET /collections/new"""
    given = {name: request.query_params.get(name, "")[:200] for name in ("item", "owner", "title")}
    visit, draft = await visiting(request, lambda call: _draft(call, given))
    return _new_shown(request, visit, draft, {})


async def create(request: Request) -> Response:
    """POST /collections/new"""
    form = await form_of(request)
    try:
        _, made = await submitted(request, form, _created)
    except InvalidFields as error:
        visit, draft = await visiting(request, lambda call: _draft(call, form))
        return _new_shown(request, visit, draft, error.fields)
    return redirected(request, home_of(made))


async def add_page(request: Request) -> Response:
    """GET /collections/add — choose a collection for what `item` names."""
    item = request.query_params.get("item", "")
    visit, found = await visiting(request, lambda call: _add_page(call, item))
    return shown(request, "collections/add.html", visit, page=found)


async def add(request: Request) -> Response:
    """POST /collections/add — put `item` into `collection`."""
    form = await form_of(request)
    _, grown = await submitted(request, form, _added)
    return redirected(request, home_of(grown), notice="collection-grown")


async def edit_page(request: Request) -> Response:
    """GET /collections/{namespace}/{slug}/edit"""
    slug = slug_in(request)
    visit, found = await visiting(request, lambda call: _edit_page(call, slug))
    return _edit_shown(request, visit, found, {}, {})


async def change(request: Request) -> Response:
    """POST /collections/{namespace}/{slug}/edit — `form` says what: details, note, move, …"""
    form = await form_of(request)
    slug = slug_in(request)
    try:
        _, onward = await submitted(request, form, lambda call, sent: _changed(call, slug, sent))
    except InvalidFields as error:
        visit, found = await visiting(request, lambda call: _edit_page(call, slug))
        return _edit_shown(request, visit, found, form, error.fields)
    return redirected(request, onward)


def _draft(call: Call, given: Form) -> Draft:
    user_id_of(call)
    return Draft(given, (call.actor.name or "", *_organizations(call)))


def _organizations(call: Call) -> list[str]:
    """The organisations in which the visitor may create."""
    if call.actor.user_id is None:
        return []
    mine = organizations.memberships_of(call, call.actor.user_id)
    return [one.organization.name for one in mine if one.role.reaches(Role.CONTRIBUTOR)]


def _created(call: Call, form: Form) -> Collection:
    title, description = _details(form)
    wish = Wish(
        title=title,
        namespace=form.get("owner") or None,
        description=description,
        private=one_of(form, "visibility", VISIBILITIES) == "private",
    )

    def act(work: Work) -> Collection:
        made = edit.create(work, wish)
        if form.get("item"):
            items.add(work, made.slug, Addition(*kind_and_id(form["item"])))
        return made

    try:
        return in_transaction(act)(call)
    except CollectionExists as error:
        raise InvalidFields({"title": (TITLE_TAKEN,)}) from error


def _details(form: Form) -> tuple[str, str]:
    """Title and description.

    Raises:
        InvalidFields: one of them cannot be.
    """
    title = " ".join(form.get("title", "").split())
    description = form.get("description", "").strip()
    faults: dict[str, tuple[str, ...]] = {}
    if not 1 <= len(title) <= LONGEST_TITLE:
        faults["title"] = (NO_TITLE,)
    if len(description) > LONGEST_DESCRIPTION:
        faults["description"] = (TOO_LONG,)
    if faults:
        raise InvalidFields(faults)
    return title, description


def _add_page(call: Call, item: str) -> AddPage:
    require_person(call.actor, "change collections")
    kind, item_id = kind_and_id(item)
    target = target_of(call, kind, item_id)
    mine = changeable(call)
    holders = holding(call, target, mine)
    choices = tuple(Choice(one, one.id in holders) for one in mine if one != target)
    name = target.title if isinstance(target, Collection) else target.full_name
    return AddPage(item, name, choices)


def _added(call: Call, form: Form) -> Collection:
    addition = Addition(*kind_and_id(form.get("item", "")), note=form.get("note", ""))
    slug = form.get("collection", "")
    try:
        return in_transaction(lambda work: items.add(work, slug, addition))(call)
    except Conflict:  # it is there: what was asked for
        return edit.find(call, slug)


def _edit_page(call: Call, slug: str) -> CollectionPage:
    edit.find(call, slug, Action.WRITE)
    return page_of(call, slug)


def _changed(call: Call, slug: str, form: Form) -> str:
    act = _ACTS.get(form.get("form", ""))
    if act is None:
        raise Malformed("This form is not known here. Open the page again.")
    return in_transaction(lambda work: act(work, slug, form))(call)


def _change_details(work: Work, slug: str, form: Form) -> str:
    title, description = _details(form)
    theme = form.get("theme", "")
    changes = Changes(
        title=title,
        description=description,
        private=one_of(form, "visibility", VISIBILITIES) == "private",
        theme=Theme(theme) if theme in list(Theme) else None,
    )
    try:
        return home_of(edit.update(work, slug, changes))
    except CollectionExists as error:
        raise InvalidFields({"title": (TITLE_TAKEN,)}) from error


def _note_item(work: Work, slug: str, form: Form) -> str:
    noted = ItemChange(form.get("item", ""), note=form.get("note", "")[:LONGEST_NOTE])
    return _edit_address(items.change(work, slug, [noted]))


def _move_item(work: Work, slug: str, form: Form) -> str:
    place = form.get("position", "")
    if not (place.isascii() and place.isdigit() and len(place) < 6):
        raise Malformed("This form is not known here. Open the page again.")
    moved = ItemChange(form.get("item", ""), position=int(place))
    return _edit_address(items.change(work, slug, [moved]))


def _remove_item(work: Work, slug: str, form: Form) -> str:
    return _edit_address(items.remove(work, slug, form.get("item", "")))


def _delete(work: Work, slug: str, form: Form) -> str:
    collection = edit.find(work, slug, Action.WRITE)
    if " ".join(form.get("delete_title", "").split()) != collection.title:
        raise InvalidFields({"delete_title": (TYPE_THE_TITLE,)})
    edit.delete(work, slug)
    return "/collections"


def _edit_address(collection: Collection) -> str:
    return f"{home_of(collection)}/edit"


_ACTS: Final[Mapping[str, Callable[[Work, str, Form], str]]] = {
    "details": _change_details,
    "note": _note_item,
    "move": _move_item,
    "remove": _remove_item,
    "delete": _delete,
}


def _new_shown(
    request: Request, visit: Visit, draft: Draft, faults: Mapping[str, tuple[str, ...]]
) -> Response:
    errors = _told(visit, faults)
    status = 400 if errors else 200
    return shown(request, "collections/new.html", visit, status=status, draft=draft, errors=errors)


def _edit_shown(
    request: Request,
    visit: Visit,
    found: CollectionPage,
    given: Form,
    faults: Mapping[str, tuple[str, ...]],
) -> Response:
    errors = _told(visit, faults)
    return shown(
        request,
        "collections/edit.html",
        visit,
        status=400 if errors else 200,
        page=found,
        given=given,
        errors=errors,
        themes=[
            (theme.value, translated(visit.frame.language, name)) for theme, name in THEMES.items()
        ],
    )


def _told(visit: Visit, faults: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    return {name: translated(visit.frame.language, texts[0]) for name, texts in faults.items()}
