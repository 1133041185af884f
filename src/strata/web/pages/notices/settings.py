"""What one wants to hear of, and when (product §2.2 P13)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from strata.accounts.notices.choices import ALWAYS, Kind, Wanted, choices_of, choose
from strata.accounts.notices.times import Digest, Quiet, Times, choose_times, times_of
from strata.accounts.profile.preferences import choose_timezone, preferences_of
from strata.community.inbox import reading
from strata.community.inbox.acts import Act, act_on
from strata.community.inbox.record import Notification
from strata.community.watching import queries
from strata.community.watching.queries import HeededRepo, WatchedAccount
from strata.core.call import Call, Work
from strata.core.errors import InvalidFields, Malformed
from strata.lib.db.seek import Page, Window
from strata.web.pages.forms.body import Form, form_of, submitted
from strata.web.pages.forms.seeking import address_of, window_of
from strata.web.pages.frame.visit import in_transaction, redirected, shown, user_id_of, visiting
from strata.web.pages.notices.finding import Found, search
from strata.web.pages.notices.words import KINDS
from strata.web.pages.settings.preferences import timezone_options
from strata.web.pages.words.language import N_, translated

HERE: Final = "/settings/notifications"
PER_PAGE: Final = 50
LONGEST: Final = 100  # characters of a search
LONGEST_NUMBER: Final = 18  # digits
BOTH_HOURS: Final = N_("Say both when the quiet hours begin and when they end, or neither.")
OTHER_HOURS: Final = N_("Quiet hours must end at another time than they begin.")


@dataclass(frozen=True, slots=True)
class Asked:
    """Which parts of the lists the address asks for."""

    words: str
    watched: Window
    muted: Window


@dataclass(frozen=True, slots=True)
class Held:
    """What the page shows."""

    choices: Mapping[Kind, Wanted]
    times: Times
    timezone: str
    accounts: list[WatchedAccount]
    watched: Page[HeededRepo]
    muted: Page[HeededRepo]
    threads: list[Notification]  # that were muted
    found: Found | None


async def page(request: Request) -> Response:
    """GET /settings/notifications — `?q=` searches for what else to watch."""
    return await _page(request)


async def change(request: Request) -> Response:
    """POST /settings/notifications — `form` is `choices`, `times` or `unmute`."""
    form = await form_of(request)
    try:
        await submitted(request, form, _change)
    except InvalidFields as error:
        return await _page(request, {key: keys[0] for key, keys in error.fields.items()}, form)
    return redirected(request, HERE, notice="notices-saved")


async def _page(
    request: Request, errors: Mapping[str, str] | None = None, typed: Form | None = None
) -> Response:
    asked = Asked(
        request.query_params.get("q", "").strip()[:LONGEST],
        window_of(request, keys=2, limit=PER_PAGE),
        window_of(request, keys=2, limit=PER_PAGE, name="muted-after"),
    )
    visit, held = await visiting(request, lambda call: _held(call, asked))
    return shown(
        request,
        "notices/settings.html",
        visit,
        status=422 if errors else 200,
        errors={k: translated(visit.frame.language, text) for k, text in (errors or {}).items()},
        typed=typed,
        held=held,
        words=asked.words,
        after=address_of(held.watched.last),
        muted_after=address_of(held.muted.last),
        timezones=timezone_options(visit.frame.language),
        **_offered(),
    )


def _offered() -> dict[str, Any]:
    return {"kinds": KINDS, "always": ALWAYS, "digests": tuple(Digest)}


def _held(call: Call, asked: Asked) -> Held:
    user_id = user_id_of(call)
    return Held(
        choices=choices_of(call, user_id),
        times=times_of(call, user_id),
        timezone=preferences_of(call, user_id).timezone,
        accounts=queries.watched(call, user_id),
        watched=queries.heeded(call, user_id, asked.watched, muted=False),
        muted=queries.heeded(call, user_id, asked.muted, muted=True),
        threads=reading.muted(call),
        found=search(call, asked.words) if asked.words else None,
    )


def _change(call: Call, form: Form) -> None:
    user_id = user_id_of(call)
    match form.get("form"):
        case "choices":
            chosen = {
                kind: Wanted(web=f"{kind}-web" in form, mail=f"{kind}-mail" in form)
                for kind in Kind
            }
            in_transaction(lambda work: choose(work, user_id, chosen))(call)
        case "times":
            times, zone = _times(form), form.get("timezone", "")

            def act(work: Work) -> None:
                choose_times(work, user_id, times)
                choose_timezone(work, user_id, zone)

            in_transaction(act)(call)
        case "unmute":
            thread = _number(form.get("thread", ""))
            in_transaction(lambda work: act_on(work, Act.UNMUTE, [thread]))(call)
        case _:
            raise Malformed("This form is not known here. Open the page again.")


def _number(text: str) -> int:
    """The id of a thread in somebody's inbox."""
    if not (text.isascii() and text.isdigit()) or len(text) > LONGEST_NUMBER:
        raise Malformed("This form is not known here. Open the page again.")
    return int(text)


def _times(form: Form) -> Times:
    digest = form.get("digest", "")
    if digest not in list(Digest):
        raise Malformed("This form is not known here. Open the page again.")
    begins, ends = (_minute(form.get(name, "")) for name in ("quiet_from", "quiet_until"))
    if begins is None and ends is None:
        return Times(Digest(digest))
    if begins is None or ends is None:
        raise InvalidFields({"quiet_until" if ends is None else "quiet_from": (BOTH_HOURS,)})
    if begins == ends:
        raise InvalidFields({"quiet_until": (OTHER_HOURS,)})
    return Times(Digest(digest), Quiet(begins, ends))


def _minute(text: str) -> int | None:
    """Minutes after midnight of "22:30"; None where nothing was chosen."""
    if not text.strip():
        return None
    hour, colon, minute = text.strip().partition(":")
    numbers = [int(part) for part in (hour, minute[:2]) if part.isascii() and part.isdigit()]
    if not colon or len(numbers) != 2 or numbers[0] > 23 or numbers[1] > 59:
        raise InvalidFields({"quiet_from": (BOTH_HOURS,)})
    return numbers[0] * 60 + numbers[1]
