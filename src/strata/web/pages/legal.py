"""The documents that people agree to."""

from __future__ import annotations

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from strata.accounts.legal.documents import Document, document
from strata.accounts.legal.kinds import DocumentKind
from strata.lib.markdown.render import render
from strata.web.pages.frame.render import at
from strata.web.pages.frame.visit import shown, visiting
from strata.web.pages.words.language import language_of
from strata.web.work import hub_of


async def terms(request: Request) -> Response:
    """GET /terms-of-service"""
    return await _document_page(request, DocumentKind.TERMS)


async def privacy(request: Request) -> Response:
    """GET /privacy"""
    return await _document_page(request, DocumentKind.PRIVACY)


async def guidelines(request: Request) -> Response:
    """GET /content-guidelines"""
    return await _document_page(request, DocumentKind.GUIDELINES)


async def _document_page(request: Request, kind: DocumentKind) -> Response:
    spoken = language_of(request, hub_of(request).settings.language)
    visit, text = await visiting(request, lambda call: document(call, kind, spoken))
    title, body = _parted(text, visit.frame.prefix)
    return shown(
        request, "accounts/legal.html", visit, title=title, body=body, version=text.version
    )


def _parted(text: Document, prefix: str) -> tuple[str, Markup]:
    """The heading of the document, which is the heading of the page, and the rest."""
    head, _, rest = text.text.partition("\n")
    html = render(rest, resolve_link=lambda address, _kind: at(address, prefix)).html
    return head.removeprefix("#").strip(), Markup(html)  # noqa: S704 — rendered as safe HTML
