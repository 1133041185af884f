"""The URLs of the pages where second factors are set up."""

from __future__ import annotations

from typing import Final

from strata.web.pages.settings.authentication import factors, passkeys
from strata.web.paths import Route

_READ: Final = ("GET", "HEAD")
_SEND: Final = ("POST",)
_BROWSER: Final = "browsers"
_APP: Final = "/settings/authentication/authenticator"
_PASSKEYS: Final = "/settings/authentication/passkeys"
_CODES: Final = "/settings/authentication/recovery-codes"
_CANCEL: Final = "/settings/authentication/removal/cancel"
_DEVICES: Final = "/settings/authentication/devices"

ROUTES: Final = (
    Route(_READ, _APP, factors.setting_up, _BROWSER, page=True),
    Route(_SEND, _APP, factors.begin, _BROWSER, page=True),
    Route(_SEND, f"{_APP}/confirm", factors.turn_on, _BROWSER, page=True, hashes=True),
    Route(_SEND, f"{_APP}/remove", factors.turn_off, _BROWSER, page=True),
    Route(_SEND, _CODES, factors.renew_codes, _BROWSER, page=True, hashes=True),
    Route(_SEND, _CANCEL, factors.cancel, _BROWSER, page=True, free=True),
    Route(_READ, f"{_PASSKEYS}/new", passkeys.new, _BROWSER, page=True),
    Route(_SEND, f"{_PASSKEYS}/new", passkeys.add, _BROWSER, page=True, hashes=True),
    Route(_SEND, _PASSKEYS, passkeys.change, _BROWSER, page=True),
    Route(_SEND, _DEVICES, passkeys.forget, _BROWSER, page=True),
)
