"""The URLs of the pages around applications (product §2.2 P06, P16)."""

from __future__ import annotations

from typing import Final

from strata.web.pages.consent import authorize, device
from strata.web.pages.settings.applications import connected, logos, own as applications
from strata.web.paths import Route

READ: Final = ("GET", "HEAD")
SEND: Final = ("POST",)
BROWSER: Final = "browsers"
_APPLICATIONS: Final = "browsers of applications' visitors, huggingface_hub, @huggingface/hub"
_CONNECTED: Final = "/settings/connected-applications"
_NEW: Final = "/settings/applications/new"
_ONE: Final = "/settings/applications/{id}"

ROUTES: Final = (
    Route(READ, "/device", device.page, BROWSER, page=True),
    Route(SEND, "/device", device.submit, BROWSER, page=True),
    Route(("GET",), "/oauth/authorize", authorize.page, _APPLICATIONS, page=True),
    Route(SEND, "/oauth/authorize", authorize.submit, _APPLICATIONS, page=True),
    Route(READ, _CONNECTED, connected.page, BROWSER, page=True),
    Route(READ, f"{_CONNECTED}/{{id}}", connected.ask_change, BROWSER, page=True),
    Route(SEND, f"{_CONNECTED}/{{id}}", connected.change, BROWSER, page=True),
    Route(READ, f"{_CONNECTED}/{{id}}/revoke", connected.ask_revoke, BROWSER, page=True),
    Route(SEND, f"{_CONNECTED}/{{id}}/revoke", connected.revoke, BROWSER, page=True),
    Route(READ, "/settings/applications", applications.listed, BROWSER, page=True),
    Route(READ, _NEW, applications.new, BROWSER, page=True),
    Route(SEND, _NEW, applications.create, BROWSER, page=True),
    Route(READ, _ONE, applications.one, BROWSER, page=True),
    Route(SEND, _ONE, applications.change, BROWSER, page=True),
    Route(READ, f"{_ONE}/secret", applications.ask_secret, BROWSER, page=True),
    Route(SEND, f"{_ONE}/secret", applications.rotate, BROWSER, page=True),
    Route(READ, f"{_ONE}/public", applications.ask_public, BROWSER, page=True),
    Route(SEND, f"{_ONE}/public", applications.go_public, BROWSER, page=True),
    Route(SEND, f"{_ONE}/logo", logos.change, BROWSER, page=True),
    Route(SEND, f"{_ONE}/logo/remove", logos.remove, BROWSER, page=True),
    Route(READ, "/oauth/logos/{file}", logos.logo, "pages"),
    Route(READ, f"{_ONE}/delete", applications.ask_delete, BROWSER, page=True),
    Route(SEND, f"{_ONE}/delete", applications.delete, BROWSER, page=True),
)
