"""How one wants to see the hub (product §2.2 P18).

Open to accounts whose address nobody has confirmed (product S-010): nothing of it reaches others.
"""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from strata.accounts.profile.preferences import (
    TAB_WIDTHS,
    Preferences,
    prefer,
    preferences_of,
    timezones,
)
from strata.core.call import Call
from strata.core.errors import Malformed
from strata.web.pages.forms.body import Form, form_of, submitted
from strata.web.pages.frame.answer import keep_choice
from strata.web.pages.frame.cookies import cookie_path
from strata.web.pages.frame.visit import in_transaction, redirected, shown, user_id_of, visiting
from strata.web.pages.words.language import LANGUAGES, N_, THEMES, translated

PAGE: Final = "/settings/preferences"
PLACES: Final = {
    "": N_("Home"),
    "models": N_("Models"),
    "datasets": N_("Datasets"),
    "spaces": N_("Spaces"),
    "collections": N_("Collections"),
    "profile": N_("My profile"),
}


async def page(request: Request) -> Response:
    """GET /settings/preferences"""
    visit, chosen = await visiting(request, lambda call: preferences_of(call, user_id_of(call)))
    return shown(
        request,
        "accounts/preferences.html",
        visit,
        chosen=chosen,
        languages_offered=LANGUAGES,
        timezones=timezone_options(visit.frame.language),
        landings=[(key, translated(visit.frame.language, name)) for key, name in PLACES.items()],
    )


def timezone_options(language: str) -> list[tuple[str, str]]:
    """What a form offers: values and texts; of who chooses nothing we know no clocks for mails."""
    nothing = translated(language, N_("Same as the browser (mails: UTC)"))
    return [("", nothing), *((name, name) for name in timezones())]


async def change(request: Request) -> Response:
    """POST /settings/preferences"""
    form = await form_of(request)
    wanted = _wanted(form)

    def act(call: Call, _form: Form) -> None:
        user_id = user_id_of(call)
        in_transaction(lambda work: prefer(work, user_id, wanted))(call)

    await submitted(request, form, act)
    answer = redirected(request, PAGE, notice="settings-saved")
    # An older choice of this browser alone would stand before that of the account.
    for name, value in (("lang", wanted.language), ("theme", wanted.theme)):
        keep_choice(request, answer, cookie_path(request), name, value)
    return answer


def _wanted(form: Form) -> Preferences:
    language, theme, width = (form.get(name, "") for name in ("language", "theme", "tab_width"))
    if language not in ("", *LANGUAGES) or theme not in THEMES or width not in map(str, TAB_WIDTHS):
        raise Malformed("This form is not known here. Open the page again.")
    return Preferences(
        language=language,
        theme=theme,
        compact=form.get("compact") == "on",
        tab_width=int(width),
        shortcuts=form.get("shortcuts") == "on",
        private_repos=form.get("private_repos") == "on",
        code_theme=form.get("code_theme", ""),
        landing=form.get("landing", ""),
        timezone=form.get("timezone", ""),
    )
