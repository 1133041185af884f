"""The URLs of Git LFS."""

from __future__ import annotations

from strata.web.lfs import batch, locks, objects
from strata.web.paths import Route

_CLIENTS = "git-lfs, huggingface_hub < 1.20, @huggingface/hub"

ROUTES: tuple[Route, ...] = (
    Route(("POST",), "/{web}{repo}.git/info/lfs/objects/batch", batch.batch, _CLIENTS),
    Route(("POST",), "/{web}{repo}.git/info/lfs/objects/verify", objects.verify, _CLIENTS),
    Route(("PUT",), "/{web}{repo}.git/info/lfs/objects/{oid}", objects.put_object, _CLIENTS),
    Route(("GET", "HEAD"), "/{web}{repo}.git/info/lfs/objects/{oid}", objects.download, "git-lfs"),
    Route(
        ("PUT",),
        "/{web}{repo}.git/info/lfs/objects/{oid}/parts/{number}",
        objects.put_part,
        "huggingface_hub",
    ),
    Route(
        ("POST",),
        "/{web}{repo}.git/info/lfs/objects/{oid}/complete",
        objects.complete,
        "huggingface_hub",
    ),
    Route(("GET", "POST"), "/{web}{repo}.git/info/lfs/locks", locks.locks, "git-lfs"),
    Route(("POST",), "/{web}{repo}.git/info/lfs/locks/verify", locks.locks, "git-lfs"),
    Route(("POST",), "/{web}{repo}.git/info/lfs/locks/{lock}/unlock", locks.locks, "git-lfs"),
)
