"""The picture that somebody signs up with: kept with the account or not at all (§2.2 P02)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from strata.accounts import limits
from strata.accounts.profile import picture
from strata.core.call import Call, working

PER_HOUR: Final = 20  # from one address: looking at a picture costs far more than at a form


@contextmanager
def kept(
    call: Call, content: bytes, public_id: str, *, pretend: bool = False
) -> Iterator[str | None]:
    """Put a picture away for an account that is about to be opened; what `picture.point` takes.

    It goes again when the account is not opened after all. The picture is decoded last, when
    nothing else speaks against the sign-up.

    Args:
        content: empty: there is none.
        pretend: look at it, and keep nothing.

    Raises:
        TooMany: one address sent too many pictures.
        InvalidFields: `picture`, with the reason.
    """
    if not content:
        yield None
        return
    address = limits.address_of(call.origin.ip)
    with working(call) as work:
        limits.count(work, limits.Limit(f"signup.picture:{address}", PER_HOUR, 60))
    squares = picture.squares_in(content)
    if pretend:
        yield None
        return
    with picture.kept(call.hub, public_id, squares) as upload:
        yield upload
