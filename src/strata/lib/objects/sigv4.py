"""Sign S3 URLs: AWS Signature Version 4 in the query string.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html. Pure functions; the
time comes from the caller. The body is never signed (`UNSIGNED-PAYLOAD`): who receives the object
verifies its hash.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

MAX_EXPIRES_S = 7 * 24 * 3600  # S3 refuses more
_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs, and for which region."""

    access_key: str
    secret_key: str = field(repr=False)
    region: str
    session_token: str | None = field(default=None, repr=False)
    service: str = "s3"


def presigned_url(  # noqa: PLR0913 -- method, URL, query, headers, time: the parts of a request
    signer: Signer,
    method: str,
    url: str,
    *,
    at: datetime,
    expires_s: int,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> str:
    """Add a signature to a URL that has no query yet.

    Args:
        url: scheme, host and percent-encoded path.
        query: further parameters, not encoded (`partNumber`, `response-content-type`, …).
        headers: lower-case headers the client must then send as given, besides `host`.

    Raises:
        ValueError: an expiry S3 would refuse.
    """
    if not 1 <= expires_s <= MAX_EXPIRES_S:
        raise ValueError(f"a signed URL lives 1 to {MAX_EXPIRES_S} seconds, not {expires_s}")
    place = urlsplit(url)
    signed = {"host": place.netloc} | dict(headers or {})
    stamp = at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    scope = f"{stamp[:8]}/{signer.region}/{signer.service}/aws4_request"
    parameters = dict(query or {}) | {
        "X-Amz-Algorithm": _ALGORITHM,
        "X-Amz-Credential": f"{signer.access_key}/{scope}",
        "X-Amz-Date": stamp,
        "X-Amz-Expires": str(expires_s),
        "X-Amz-SignedHeaders": ";".join(sorted(signed)),
    }
    if signer.session_token is not None:
        parameters["X-Amz-Security-Token"] = signer.session_token
    canonical_query = _canonical_query(parameters)
    request = "\n".join(
        (
            method,
            place.path or "/",
            canonical_query,
            *(f"{name}:{signed[name].strip()}" for name in sorted(signed)),
            "",
            ";".join(sorted(signed)),
            "UNSIGNED-PAYLOAD",
        )
    )
    signature = _signature(signer, stamp, scope, request)
    return f"{url}?{canonical_query}&X-Amz-Signature={signature}"


def encoded(text: str, *, safe: str = "") -> str:
    """Percent-encode as the signature demands: everything but RFC 3986 unreserved characters."""
    return quote(text, safe=safe)


def _canonical_query(parameters: Mapping[str, str]) -> str:
    pairs = sorted((encoded(name), encoded(value)) for name, value in parameters.items())
    return "&".join(f"{name}={value}" for name, value in pairs)


def _signature(signer: Signer, stamp: str, scope: str, request: str) -> str:
    digest = hashlib.sha256(request.encode()).hexdigest()
    text = f"{_ALGORITHM}\n{stamp}\n{scope}\n{digest}"
    key = f"AWS4{signer.secret_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()
