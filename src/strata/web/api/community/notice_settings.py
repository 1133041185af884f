"""What the caller hears of and watches (02 §O)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from strata.accounts.notices.choices import Kind, Wanted
from strata.community.watching import by_key, choosing
from strata.core.errors import Malformed
from strata.web import respond
from strata.web.paths import Route
from strata.web.work import json_of, work

CLIENTS: Final = "scripts"
# The Hub's names of what there is here too. It counts a mention as taking part.
_MAIL: Final[Mapping[str, tuple[Kind, ...]]] = {
    "announcements": (Kind.ANNOUNCEMENT,),
    "discussions_participating": (Kind.PARTICIPATING, Kind.MENTION),
    "discussions_watched": (Kind.WATCHED,),
    "gated_user_access_request": (Kind.GATE_REQUEST,),
    "org_request": (Kind.INVITATION,),
}
_WEB: Final[Mapping[str, tuple[Kind, ...]]] = {
    "web_discussions_participating": (Kind.PARTICIPATING, Kind.MENTION),
    "web_discussions_watched": (Kind.WATCHED,),
}


class Choices(msgspec.Struct):
    """PATCH /api/settings/notifications; older programs say `notifications`."""

    prefs: dict[str, object] = {}
    notifications: dict[str, object] = {}


class Thing(msgspec.Struct):
    """One thing to watch."""

    id: str
    type: by_key.Kind

    @property
    def named(self) -> by_key.Named:
        return by_key.Named(self.type, self.id)


class Watching(msgspec.Struct):
    """PATCH /api/settings/watch."""

    add: list[Thing] = []
    delete: list[Thing] = []


async def choose(request: Request) -> Response:
    """PATCH /api/settings/notifications — answers with all of them."""
    body = await json_of(request, Choices)
    said = _read(body.notifications | body.prefs)
    mail, web = _kinds(_MAIL, said), _kinds(_WEB, said)
    now = await work(request, lambda work: choosing.change(work, web=web, mail=mail))
    return respond.json({"prefs": _told(now)})


def _read(said: Mapping[str, object]) -> dict[str, bool]:
    strange = sorted(said.keys() - _MAIL.keys() - _WEB.keys())
    if strange:
        known = ", ".join([*_MAIL, *_WEB])
        raise Malformed(f'"prefs": {strange[0]!r} is not among what can be chosen here: {known}.')
    # Here and not in the struct, whose errors do not name the key of a dict.
    for name, value in said.items():
        if not isinstance(value, bool):
            raise Malformed(f'"prefs.{name}" must be true or false.')
    return {name: value is True for name, value in said.items()}


def _kinds(names: Mapping[str, tuple[Kind, ...]], said: Mapping[str, bool]) -> dict[Kind, bool]:
    return {kind: said[name] for name, kinds in names.items() if name in said for kind in kinds}


def _told(now: Mapping[Kind, Wanted]) -> dict[str, bool]:
    """A name of several kinds is on when one of them is."""
    mails = {name: any(now[kind].mail for kind in kinds) for name, kinds in _MAIL.items()}
    return mails | {name: any(now[kind].web for kind in kinds) for name, kinds in _WEB.items()}


async def watch(request: Request) -> Response:
    """PATCH /api/settings/watch"""
    body = await json_of(request, Watching)
    add, stop = ([one.named for one in things] for things in (body.add, body.delete))
    await work(request, lambda work: by_key.change(work, add, stop))
    return respond.ok()


ROUTES: tuple[Route, ...] = (
    Route(("PATCH",), "/api/settings/notifications", choose, CLIENTS),
    Route(("PATCH",), "/api/settings/watch", watch, CLIENTS),
)
