"""The signer against the example AWS publishes, and its limits."""

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from strata.lib.objects.sigv4 import Signer, presigned_url

AT = datetime(2013, 5, 24, tzinfo=UTC)
# The keys of AWS's own documentation example.
SIGNER = Signer("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1")
URL = "https://examplebucket.s3.amazonaws.com/test.txt"


def signature(url: str) -> str:
    return parse_qs(urlsplit(url).query)["X-Amz-Signature"][0]


def test_the_example_of_the_aws_documentation() -> None:
    url = presigned_url(SIGNER, "GET", URL, at=AT, expires_s=86400)
    assert signature(url) == "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    assert url.startswith(
        f"{URL}?X-Amz-Algorithm=AWS4-HMAC-SHA256"
        "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
        "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&"
    )


def test_everything_that_matters_is_signed() -> None:
    base = signature(presigned_url(SIGNER, "GET", URL, at=AT, expires_s=60))
    changed = {
        signature(presigned_url(SIGNER, "PUT", URL, at=AT, expires_s=60)),
        signature(presigned_url(SIGNER, "GET", URL + "x", at=AT, expires_s=60)),
        signature(presigned_url(SIGNER, "GET", URL, at=AT, expires_s=61)),
        signature(presigned_url(SIGNER, "GET", URL, at=AT, expires_s=60, query={"a": "b"})),
        signature(
            presigned_url(SIGNER, "GET", URL, at=AT, expires_s=60, headers={"content-length": "1"})
        ),
    }
    assert len(changed | {base}) == 6


def test_a_session_token_goes_into_the_url() -> None:
    signer = Signer("a", "b", "us-east-1", session_token="to/ken+=")
    url = presigned_url(signer, "GET", URL, at=AT, expires_s=60)
    assert "X-Amz-Security-Token=to%2Fken%2B%3D" in url
    assert "to/ken" not in repr(signer)


@pytest.mark.parametrize("expires_s", [0, -1, 604_801])
def test_an_expiry_s3_would_refuse_is_refused_here(expires_s: int) -> None:
    with pytest.raises(ValueError, match="lives"):
        presigned_url(SIGNER, "GET", URL, at=AT, expires_s=expires_s)
