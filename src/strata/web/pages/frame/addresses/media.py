"""Where the pictures and films of a repo may come from."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from strata.blobs.keys import object_key
from strata.core.hub import Hub
from strata.core.names import Oid
from strata.web.pages.frame.answer import content_security_policy

_ANY_OBJECT: Final = object_key(Oid("0" * 64))
_LIFETIME_S: Final = 60  # of an address that nobody is given


def media_headers(hub: Hub) -> dict[str, str]:
    """Let a page show large files where downloads are redirected to the object store.

    Asked of the store itself, for it knows whether the bucket is in the path or in the host name.
    """
    settings = hub.settings.objects
    if not (settings.url and settings.redirect):
        return {}
    address = hub.objects.presigned_get(_ANY_OBJECT, expires_s=_LIFETIME_S)
    if address is None:
        return {}
    store = urlsplit(address)
    sources = (f"{store.scheme}://{store.netloc}",)
    return {"Content-Security-Policy": content_security_policy(media_sources=sources)}
