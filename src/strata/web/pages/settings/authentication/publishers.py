"""Trusted publishers of a person: jobs that read what the person was let into."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from strata.core.call import Call, working
from strata.core.errors import InvalidFields
from strata.repos.publishers import manage
from strata.web.pages.collaborating.publishers import publisher_in, rule_in
from strata.web.pages.forms.body import Form, form_of, submitted
from strata.web.pages.frame.visit import redirected, visiting
from strata.web.pages.settings.authentication import page as authentication
from strata.web.pages.words.account import told


async def submit(request: Request) -> Response:
    """POST /settings/authentication/publishers — trust one more, or one no longer"""
    form = await form_of(request)
    try:
        await submitted(request, form, _change)
    except InvalidFields as error:
        visit, held = await visiting(request, authentication.read)
        return authentication.show(request, visit, held, told(visit.frame.language, error))
    return redirected(request, authentication.PAGE, notice="settings-saved")


def _change(call: Call, form: Form) -> None:
    with working(call) as work:
        if "publisher" in form:
            manage.distrust_for_person(work, publisher_in(form))
        else:
            manage.trust_for_person(work, rule_in(form))
