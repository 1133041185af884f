"""Log in and out as huggingface_hub before 0.8 does (hub-api 03 §3)."""

from __future__ import annotations

from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from strata.accounts.puzzles import Done
from strata.core.errors import Malformed
from strata.credentials import legacy
from strata.web import respond
from strata.web.paths import Route
from strata.web.work import as_nobody, json_of, work

_TYPE: Final = "application/json"
_NO_STORE: Final = {"Cache-Control": "no-store"}


class Asked(msgspec.Struct):
    """The body."""

    username: str
    password: str
    work_ticket: str = msgspec.field(default="", name="workTicket")  # of an answer 429
    work: str = ""


async def log_in(request: Request) -> Response:
    """POST /api/login"""
    # A page of another site cannot send this type without asking first.
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _TYPE:
        raise Malformed(f"Send the log-in as {_TYPE}.")
    asked = await json_of(request, Asked)
    done = Done(asked.work_ticket, asked.work)
    token = await as_nobody(
        request, lambda call: legacy.log_in(call, asked.username, asked.password, done)
    )
    return respond.json({"token": token}, headers=_NO_STORE)


async def log_out(request: Request) -> Response:
    """POST /api/logout"""
    await work(request, legacy.log_out)
    return respond.ok()


ROUTES: Final = (
    Route(("POST",), "/api/login", log_in, "huggingface_hub < 0.8", hashes=True),
    Route(("POST",), "/api/logout", log_out, "huggingface_hub < 0.8"),
)
