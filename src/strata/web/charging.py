"""Which of its quotas a request is counted against, and how the answer tells of it.

Nobody is counted for what browsers fetch beside a page, nor for what watches the hub. Whoever shows
no credentials is counted by address before anything is looked up; others when it is known who they
are. What a signed link or a CAS token opens is counted by address: it was handed out by a request
that was counted, and takes many requests to move one file.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Final

from strata.accounts.limits import address_of
from strata.accounts.plans.rates import WINDOW_S, Bucket, Caller, Standing
from strata.core.actor import Actor
from strata.web.paths import Route

WATCHING: Final = frozenset({"/healthz", "/readyz", "/metrics", "/api/version"})
FREE: Final = WATCHING | frozenset(
    {
        "/avatars/{file}",
        "/oauth/logos/{file}",
        "/static/{version}/{path}",
        "/favicon.ico",
        "/robots.txt",
    }
)
_SIGNED: Final = ("/xet/{epoch}/", "/v1/telemetry")
_known_address = lru_cache(maxsize=8_192)(address_of)


def bucket_of(route: Route) -> Bucket | None:
    """The quota that requests of a route belong to; None: they are not counted."""
    return _bucket_of(route.template, route.page)


@cache  # as many as there are routes
def _bucket_of(template: str, page: bool) -> Bucket | None:  # noqa: FBT001 — what a route says
    if template in FREE:
        return None
    if template.startswith(_SIGNED) or "/lfs/objects/{oid}" in template:
        return Bucket.TRANSFERS
    if "{repo}.git/" in template:
        return Bucket.GIT
    if "/resolve" in template:
        return Bucket.RESOLVERS
    return Bucket.PAGES if page else Bucket.API


def caller_of(actor: Actor, address: str) -> Caller:
    """Whose quota it is: the account's, or the address's of who has none."""
    return actor.user_id if actor.user_id is not None else _known_address(address)


def at_address(address: str) -> str:
    """The quota of everybody at an address without an account."""
    return _known_address(address)


def headers_of(standing: Standing) -> tuple[tuple[bytes, bytes], ...]:
    """The two headers in the only form that clients parse.

    Obeys draft-ietf-httpapi-ratelimit-headers-09 and
    huggingface_hub/utils/_http.py:parse_ratelimit_headers.
    """
    bucket = standing.bucket.value
    state = f'"{bucket}";r={standing.remaining};t={standing.resets_in_s}'
    policy = f'"fixed window";"{bucket}";q={standing.quota};w={WINDOW_S}'
    return (b"ratelimit", state.encode()), (b"ratelimit-policy", policy.encode())
