"""The URLs of the administration of the site."""

from __future__ import annotations

from typing import Final

from strata.web.pages.console import audit, entering, mail
from strata.web.paths import Route

READ: Final = ("GET", "HEAD")
SEND: Final = ("POST",)
BROWSER: Final = "browsers"

ROUTES: tuple[Route, ...] = (
    Route(READ, "/admin", entering.page, BROWSER, page=True),
    Route(SEND, "/admin", entering.enter, BROWSER, page=True),
    Route(READ, "/admin/audit", audit.page, BROWSER, page=True),
    Route(READ, "/admin/audit/chain", audit.chain, BROWSER, page=True),
    Route(READ, "/admin/mail", mail.page, BROWSER, page=True),
    Route(READ, "/admin/mail/domain", mail.domain, BROWSER, page=True),
    Route(SEND, "/admin/mail/test", mail.test, BROWSER, page=True),
    Route(SEND, "/admin/mail/retry", mail.retry, BROWSER, page=True),
    Route(SEND, "/admin/mail/confirm", mail.confirm, BROWSER, page=True),
    Route(("GET",), "/admin/audit/export", audit.export, BROWSER, page=True),
)
