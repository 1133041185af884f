"""Applications that come with the hub; its operator makes and removes them."""

from __future__ import annotations

import re
from typing import Final

from strata.core.call import Work
from strata.core.errors import Conflict, Malformed, NotFound
from strata.credentials.oauth import apps
from strata.credentials.oauth.making.description import Described, require_sound
from strata.credentials.oauth.making.keeping import Birth, Made, end, insert, named
from strata.events.facts import record

_KNOWN: Final = re.compile(r"[!-~]{1,200}", re.ASCII)


def create(work: Work, described: Described, birth: Birth) -> Made:
    """Make an application that comes with the hub, such as one that others know already.

    Raises:
        InvalidFields: the description breaks rules.
        Malformed: its known client_id or secret has no shape that clients send.
        Conflict: another application has the client_id.
    """
    require_sound(described)
    for known in filter(None, (birth.client_id, birth.secret)):
        if not _KNOWN.fullmatch(known):
            raise Malformed("A client_id or secret has 1 to 200 visible ASCII characters.")
    if apps.find(work, birth.client_id) is not None:
        raise Conflict("Another application has this client_id.")
    made = insert(work, described, birth)
    record(work, "oauth.app_create", target=made.app.name, detail=named(made.app))
    return made


def remove(work: Work, client_id: str) -> None:
    """Remove an application, as an operator.

    Raises:
        NotFound: there is none.
    """
    app = apps.find(work, client_id)
    if app is None:
        raise NotFound("There is no application with this client_id.")
    end(work, app)
