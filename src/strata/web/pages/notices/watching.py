"""Watch or mute something, or stop, from wherever the button stands."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from strata.community.watching.acts import Heed, heed_account, heed_repo
from strata.core.call import Call, Work
from strata.core.errors import Malformed
from strata.core.names import RepoId, RepoType
from strata.web.pages.forms.body import Form, form_of, submitted
from strata.web.pages.frame.addresses.places import person_address
from strata.web.pages.frame.visit import in_transaction, redirected, user_id_of

SETTINGS: Final = "/settings/notifications"
ACCOUNT: Final = "account"
_NOTICES: Final = {Heed.WATCH: "watching", Heed.MUTE: "muted", Heed.STOP: "unwatched"}


async def submit(request: Request) -> Response:
    """POST /settings/watching — `heed` the repo or account `name`; `back` leads to its page."""
    form = await form_of(request)
    heed = _heed(form)
    _, place = await submitted(request, form, lambda call, sent: _done(call, sent, heed))
    there = place if "back" in form else SETTINGS
    return redirected(request, there, notice=_NOTICES[heed])


def _heed(form: Form) -> Heed:
    word, kind = form.get("heed", ""), form.get("kind", "")
    if word not in list(Heed) or kind not in (ACCOUNT, *RepoType):
        raise Malformed("This form is not known here. Open the page again.")
    if kind == ACCOUNT and word == Heed.MUTE:
        raise Malformed("People and organizations cannot be muted, only single repositories.")
    return Heed(word)


def _done(call: Call, form: Form, heed: Heed) -> str:
    """Do it; returns the page of the thing."""
    user_id_of(call)
    kind, name = form["kind"], form.get("name", "")

    def act(work: Work) -> str:
        if kind == ACCOUNT:
            return person_address(heed_account(work, name, watch=heed is Heed.WATCH).name)
        return heed_repo(work, RepoId.parse(RepoType(kind), name), heed).web_path

    return in_transaction(act)(call)
