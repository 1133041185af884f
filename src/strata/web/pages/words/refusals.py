"""Why the page on which applications ask sends nobody on, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from strata.credentials.oauth import apps
from strata.credentials.oauth.authorizing import requests
from strata.credentials.oauth.making import documents
from strata.web.pages.words.language import N_, translated

# By what the room says; what follows it there, such as the name of a field, is kept as it is.
REFUSALS: Final[Mapping[str, str]] = MappingProxyType(
    {
        apps.NO_APP: N_(
            "There is no application with this client_id. Go back to it and tell its makers."
        ),
        requests.BAD_REDIRECT: N_(
            "The application wants to send you to an address that was not registered for it. You "
            "were not sent there. Tell its makers."
        ),
        apps.NO_DOCUMENTS: N_(
            "This hub does not read client metadata documents. The application must be registered "
            "here, and use the client_id that it is given. Tell its makers."
        ),
        documents.BAD_ADDRESS: N_(
            "A client_id that is an address begins with https:// and has a path, without a query, "
            "a fragment or a user name. Tell the makers of the application."
        ),
        documents.NOT_READ: N_(
            "The document that describes this application could not be read. You were not sent "
            "there. Tell its makers: it must answer with 200 and a small JSON object, without "
            "redirects."
        ),
        documents.UNFIT: N_(
            "The document that describes this application is not in order. You were not sent "
            "there. Tell its makers what is wrong:"
        ),
    }
)


def refusal(language: str, message: str) -> str:
    """The sentence of a refusal; empty: it is none of these."""
    said = _known(message)
    return translated(language, REFUSALS[said]) + message[len(said) :] if said else ""


def is_refusal(message: str) -> bool:
    """Whether a message is one of these."""
    return bool(_known(message))


def _known(message: str) -> str:
    return next((known for known in REFUSALS if message.startswith(known)), "")
