"""Prove once more who sits there, before what cannot be taken back."""

from __future__ import annotations

from strata.accounts import limits, passwords, people
from strata.core.call import Call, working
from strata.core.errors import InvalidFields, NotFound

TRIES, MINUTES = 5, 5


def require_password(call: Call, user_id: int, password: str) -> None:
    """Insist on the password of the account, where it has one.

    Raises:
        InvalidFields: it is another one.
        TooMany: it was wrong too often.
        NotFound: there is no such account.
    """
    user = people.by_id(call, user_id)
    if user is None:
        raise NotFound("There is no such account.")
    if user.password_hash is None:
        return
    key, tried_at = f"confirm.password:{user_id}", call.now
    with working(call) as work:
        limits.count(work, limits.Limit(key, TRIES, MINUTES))
    if not passwords.matches(call.hub, user.password_hash, password):
        raise InvalidFields({"current_password": ("pw.wrong",)})
    with working(call) as work:
        limits.refund(work, key, counted_at=tried_at)
