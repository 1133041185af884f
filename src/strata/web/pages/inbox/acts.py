"""What the forms of the inbox do: open, mark as read or unread, be done, mute."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from strata.community.inbox.acts import Act, act_on, act_on_all
from strata.core.call import Call, Work
from strata.core.errors import Malformed
from strata.web.pages.forms.body import Form, form_of, submitted
from strata.web.pages.frame.visit import in_transaction, redirected, user_id_of
from strata.web.pages.inbox.page import address, filter_of, number_in

MOST_FIELDS: Final = 200
UNKNOWN: Final = "This form is not known here. Open the page again."
_CHOSEN: Final = "n-"  # begins the names of the boxes
_NOTICES: Final = {
    Act.READ: "inbox-read",
    Act.UNREAD: "inbox-unread",
    Act.DONE: "inbox-done",
    Act.MUTE: "inbox-muted",
    Act.UNMUTE: "inbox-unmuted",
}


async def submit(request: Request) -> Response:
    """POST /notifications — `open` one, or `act` on those that are ticked or on `all`.

    The list stays where it was: `show`, `repo` and `after`; `at` names the row to go on with.
    """
    form = await form_of(request, most=MOST_FIELDS)
    opened = number_in(form.get("open", ""))
    act = Act.READ if opened is not None else _act(form)
    _, number = await submitted(request, form, lambda call, sent: _do(call, sent, act))
    if opened is not None:
        return redirected(request, _back(form, open=str(opened)) + "#strata-preview")
    kept = {"open": form.get("one", "")} if act in (Act.MUTE, Act.UNMUTE) and "one" in form else {}
    notice = _NOTICES[act] if number else "inbox-nothing"
    at = number_in(form.get("at", ""))
    return redirected(request, _back(form, **kept) + (f"#n{at}" if at else ""), notice=notice)


def _act(form: Form) -> Act:
    word = form.get("act", "")
    if word not in list(Act):
        raise Malformed(UNKNOWN)
    return Act(word)


def _do(call: Call, form: Form, act: Act) -> int:
    """Do it with what the form names; with how many it was done."""
    user_id_of(call)
    ids = [number for number in _named(form) if number is not None]
    wanted = filter_of(dict(form))

    def within(work: Work) -> int:
        if "all" in form and "open" not in form:
            return act_on_all(work, act, wanted)
        return act_on(work, act, ids)

    return in_transaction(within)(call)


def _named(form: Form) -> list[int | None]:
    if "open" in form:
        return [number_in(form["open"])]
    if "one" in form:
        return [number_in(form["one"])]
    return [number_in(name.removeprefix(_CHOSEN)) for name in form if name.startswith(_CHOSEN)]


def _back(form: Form, **more: str) -> str:
    after = form.get("after", "")[:60]
    return address(filter_of(dict(form)), **({"after": after} if after else {}), **more)
