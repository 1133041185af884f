"""The URLs of git's smart HTTP; with and without `.git` behind the id."""

from __future__ import annotations

from strata.web.git import fetch, receive
from strata.web.paths import Route

_CLIENTS = "git, git-xet, huggingface_hub.Repository"

ROUTES: tuple[Route, ...] = (
    Route(("GET",), "/{web}{repo}.git/info/refs", fetch.info_refs, _CLIENTS),
    Route(("POST",), "/{web}{repo}.git/git-upload-pack", fetch.upload_pack, _CLIENTS),
    Route(("POST",), "/{web}{repo}.git/git-receive-pack", receive.receive_pack, _CLIENTS),
)
