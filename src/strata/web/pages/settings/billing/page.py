"""Plan & quota: what one may have, what is used of it, and asking for more (product §2.2 P14)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from strata.access.plans import requests
from strata.access.plans.owners import shown_to
from strata.accounts.naming import names
from strata.accounts.plans.quotas import Standing, standing_of
from strata.accounts.plans.rates import Bucket, Standing as RateStanding
from strata.blobs.quota.room import shown as bytes_shown
from strata.content.bucket.record import bucket_at
from strata.content.crowding import files_in
from strata.content.reading.downloads import bytes_of
from strata.core.actor import Role
from strata.core.call import Call
from strata.core.errors import Conflict, InvalidFields
from strata.core.names import RepoId, RepoType
from strata.lib.db.seek import Window
from strata.organizations import queries as organizations
from strata.repos import queries as repos
from strata.search.storage import Stored, storage_list
from strata.web.pages.forms.body import Form, form_of, submitted
from strata.web.pages.frame.dressing import Visit
from strata.web.pages.frame.visit import in_transaction, redirected, shown, user_id_of, visiting
from strata.web.pages.settings.billing.bars import Bar, bars_of, own_bars
from strata.web.pages.words.language import N_, translated
from strata.web.pages.words.plans import plan_word
from strata.web.work import exchange

PAGE: Final = "/settings/billing"
LARGEST: Final = 10
WAITS: Final = N_("Your last request still waits for an answer.")
FAULTS: Final = {
    "plan.message_missing": N_("Say what you need and what for."),
    "plan.message_long": N_("Use at most 2000 characters."),
}
GAUGES: Final = (
    (Bucket.API, N_("API requests")),
    (Bucket.RESOLVERS, N_("File downloads")),
    (Bucket.PAGES, N_("Page views")),
)


@dataclass(frozen=True, slots=True)
class Large:
    """One of the largest repos."""

    stored: Stored
    files: int  # on its main branch


@dataclass(frozen=True, slots=True)
class PlanPage:
    """All that the page shows."""

    owner: names.Namespace
    own: bool
    others: Sequence[str]  # whose plans the visitor may look at too
    standing: Standing
    bars: Sequence[Bar]
    gauges: Sequence[tuple[str, RateStanding]]
    downloads: int  # of the last 30 days, as the next
    sent: int  # bytes
    largest: Sequence[Large]
    request: requests.Request | None
    now: datetime


async def page(request: Request) -> Response:
    """GET /settings/billing — `?owner=` shows an organisation's plan to its admins."""
    return await _page(request, request.query_params.get("owner", ""), {}, {})


async def ask(request: Request) -> Response:
    """POST /settings/billing — ask for more than the plan has."""
    form = await form_of(request)
    owner = form.get("owner", "")
    try:
        await submitted(request, form, _ask)
    except InvalidFields as error:
        faults = {name: FAULTS[keys[0]] for name, keys in error.fields.items()}
        return await _page(request, owner, faults, form)
    except Conflict:
        return await _page(request, owner, {"message": WAITS}, form)
    place = f"{PAGE}?{urlencode({'owner': owner})}" if owner else PAGE
    return redirected(request, place, notice="plan-asked")


def _ask(call: Call, form: Form) -> None:
    user_id_of(call)
    wanted = form.get("owner", ""), form.get("message", "")
    in_transaction(lambda work: requests.ask(work, *wanted))(call)


async def _page(
    request: Request, owner: str, faults: Mapping[str, str], given: Mapping[str, str]
) -> Response:
    visit, found = await visiting(request, lambda call: _found(request, call, owner))
    return _shown(request, visit, found, faults, given)


def _shown(
    request: Request,
    visit: Visit,
    found: PlanPage,
    faults: Mapping[str, str],
    given: Mapping[str, str],
) -> Response:
    language = visit.frame.language
    return shown(
        request,
        "accounts/billing.html",
        visit,
        status=400 if faults else 200,
        page=found,
        plan_name=plan_word(language, found.standing.plan),
        errors={name: translated(language, text) for name, text in faults.items()},
        given=given,
        size=bytes_shown,
    )


def _found(request: Request, call: Call, owner: str) -> PlanPage:
    user_id = user_id_of(call)
    place = shown_to(call, owner)
    standing = standing_of(call, place.id)
    held = organizations.memberships_of(call, user_id)
    administered = [one.organization.name for one in held if one.role is Role.ADMIN]
    own = place.id == user_id
    largest = _largest(call, place.id) if call.actor.verified else []
    fullest = [one.files for one in largest if one.stored.type is not RepoType.BUCKET]
    bars = bars_of(call, place, standing.quotas, max(fullest, default=0))
    if own:
        bars += own_bars(call, user_id, standing.quotas, len(administered))
    return PlanPage(
        owner=place,
        own=own,
        others=[name for name in (call.actor.name or "", *administered) if name != place.name],
        standing=standing,
        bars=bars,
        gauges=_gauges(request, user_id, call.now) if own else (),
        downloads=repos.downloads_of(call, place.id),
        sent=bytes_of(call, place.id),
        largest=largest,
        request=requests.newest_of(call, place.id),
        now=call.now,
    )


def _largest(call: Call, owner_id: int) -> list[Large]:
    rows = storage_list(call, owner_id, Window(LARGEST)).rows
    return [Large(row, _files_of(call, row)) for row in rows]


def _files_of(call: Call, row: Stored) -> int:
    repo_id = RepoId.parse(row.type, row.full_name)
    if row.type is RepoType.BUCKET:
        return bucket_at(call, repo_id).holding.files
    return files_in(call, repo_id)


def _gauges(request: Request, user_id: int, now: datetime) -> list[tuple[str, RateStanding]]:
    rates = exchange(request).tallies.rates
    standings = [(label, rates.standing(bucket, user_id, now)) for bucket, label in GAUGES]
    return [(label, standing) for label, standing in standings if standing is not None]
