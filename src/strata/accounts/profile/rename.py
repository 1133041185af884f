"""Give an account another name, or an organisation; `repos.owning.follow` moves what it owns."""

from __future__ import annotations

from strata.accounts import people
from strata.accounts.naming import former, names
from strata.accounts.naming.names import Namespace
from strata.core.call import Call, Work
from strata.core.errors import AlreadyExists, InvalidFields


def renamed(work: Work, account: Namespace, name: str) -> bool:
    """Change a name and keep the old one for its owner, if anybody could know of it.

    Returns:
        Whether the new name was somebody else's, so that what leads from there to them ends.

    Raises:
        InvalidFields: the new name breaks a rule or is somebody else's.
    """
    faults = names.faults(name, work.hub.settings)
    if not faults:
        faults = names.conflicts(work, name, account.id)
    if faults:
        raise InvalidFields({"username": faults})
    before = former.take_back(work, name)
    if name.lower() != account.name.lower() and _is_known(work, account.id):
        former.leave(work, account.id, account.name)
    try:
        names.renamed(work, account.id, name)
    except AlreadyExists as taken:  # somebody was faster
        raise InvalidFields({"username": (taken.message,)}) from taken
    return before not in (None, account.id)


def _is_known(call: Call, namespace_id: int) -> bool:
    """Whether others may know of an account: it is confirmed, or an organisation."""
    person = people.by_id(call, namespace_id)
    return person is None or person.verified_at is not None
