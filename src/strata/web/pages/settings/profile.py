"""What a person says of themselves: words, links and picture (product §2.2 P07)."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from starlette.requests import Request
from starlette.responses import Response

from strata.accounts import profiles
from strata.accounts.confirmed import ConfirmedEmail, emails_of
from strata.accounts.profile.details import Details, details_of
from strata.accounts.profile.picture import change_picture, remove_picture, shown_file
from strata.accounts.profiles import Person
from strata.core.call import Call, working
from strata.core.errors import InvalidFields, TooLarge
from strata.lib.pictures.squares import MAX_BYTES
from strata.lib.pictures.worker import Part
from strata.membership.profile import change_profile
from strata.web.pages.forms.body import Form, form_of, submitted
from strata.web.pages.forms.file import form_with_file
from strata.web.pages.frame.dressing import Visit
from strata.web.pages.frame.visit import redirected, shown, user_id_of, visiting
from strata.web.pages.words.account import NOTHING_WRONG, Told, told

PAGE = "/settings/profile"
MOST_DIGITS = 6  # of a place in a picture


@dataclass(frozen=True, slots=True)
class _Shown:
    """What stands in the form."""

    person: Person
    full_name: str
    details: Details
    pictured: bool
    emails: tuple[ConfirmedEmail, ...]  # one of which everybody may see


async def page(request: Request) -> Response:
    """GET /settings/profile"""
    visit, found = await visiting(request, _current)
    return _page(request, visit, found)


async def change(request: Request) -> Response:
    """POST /settings/profile"""
    form = await form_of(request)
    try:
        await submitted(request, form, _change)
    except InvalidFields as error:
        visit, current = await visiting(request, _current)
        typed = replace(current, full_name=_full_name(form), details=details_in(form))
        return _page(request, visit, typed, told(visit.frame.language, error))
    return redirected(request, PAGE, notice="profile-saved")


async def change_avatar(request: Request) -> Response:
    """POST /settings/profile/picture"""
    try:
        form, content = await form_with_file(request, "picture", longest=MAX_BYTES)
        part = _part(form)
        await submitted(
            request, form, lambda call, _: change_picture(call, user_id_of(call), content, part)
        )
    except TooLarge:
        return await _refused(request, InvalidFields({"picture": ("picture.too_large",)}))
    except InvalidFields as error:
        return await _refused(request, error)
    return redirected(request, PAGE, notice="picture-saved")


async def remove_avatar(request: Request) -> Response:
    """POST /settings/profile/picture/remove"""
    form = await form_of(request)
    await submitted(request, form, lambda call, _: remove_picture(call, user_id_of(call)))
    return redirected(request, PAGE, notice="picture-removed")


def _current(call: Call) -> _Shown:
    user_id = user_id_of(call)
    person = profiles.person(call, user_id)
    pictured = shown_file(call, person.public_id) is not None
    held = tuple(emails_of(call, user_id))
    return _Shown(person, person.full_name, details_of(call, user_id), pictured, held)


def _change(call: Call, form: Form) -> None:
    user_id = user_id_of(call)
    with working(call) as work:
        change_profile(work, user_id, _full_name(form), details_in(form))


def _full_name(form: Form) -> str:
    return form.get("full_name", "").strip()


def details_in(form: Form) -> Details:
    """What a form says of whomever it is about."""
    named = {field.name: form.get(field.name, "").strip() for field in fields(Details)}
    lines = {name: named[name].replace("\r\n", "\n") for name in ("bio", "readme")}
    return Details(**{**named, **lines})


def _part(form: Form) -> Part | None:
    """The square of the picture that was chosen; None: the middle one.

    Raises:
        InvalidFields: no whole numbers.
    """
    given = [form.get(f"crop_{name}", "").strip() for name in ("left", "top", "size")]
    if not any(given):
        return None
    if not all(one.isascii() and one.isdigit() and len(one) <= MOST_DIGITS for one in given):
        raise InvalidFields({"picture": ("picture.crop",)})
    return Part(*(int(one) for one in given))


async def _refused(request: Request, error: InvalidFields) -> Response:
    visit, found = await visiting(request, _current)
    return _page(request, visit, found, told(visit.frame.language, error))


def _page(request: Request, visit: Visit, found: _Shown, errors: Told = NOTHING_WRONG) -> Response:
    status = 400 if errors.summary else 200
    return shown(
        request, "accounts/settings_profile.html", visit, status=status, found=found, errors=errors
    )
