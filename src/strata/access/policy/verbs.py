"""What a caller may want of a repo, and what each takes: the write matrix as tables (product §4.5).

The person's half is `RIGHTS`, the token's half `NEEDED`: a verb takes both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum, auto
from typing import Final

from strata.access.policy.roles import (
    may_change,
    may_remove,
    may_share,
    may_transfer,
)
from strata.access.policy.things import Governed, Thing
from strata.core.actor import Actor
from strata.core.permissions import Permission


class Action(Enum):
    """What a caller wants of a repo, from the weakest to the strongest right.

    A gate keeps strangers from everything but the first two: whoever proposes or writes starts from
    what the files hold.
    """

    LOOK = auto()  # know of it and what it says of itself: card, listings, history, discussions
    DISCUSS = auto()  # like it, open or answer a discussion, ask for access
    READ = auto()  # the bytes of its files, by whatever door
    PROPOSE = auto()  # open a pull request
    WRITE = auto()  # commit, push, branch, tag
    REVIEW = auto()  # read who asked to be let in
    MANAGE = auto()  # settings, visibility, gate, squash
    SHARE = auto()  # say who works on it besides its namespace
    REMOVE = auto()  # rename, delete
    TRANSFER = auto()  # give it to another namespace


# Who sees the thing, and stands behind its gate, may do these.
OPEN_TO_READERS: Final = frozenset({Action.LOOK, Action.READ})  # signed in or not
OUTSIDE_THE_GATE: Final = frozenset({Action.LOOK, Action.DISCUSS})
# What shows a narrowed token nothing of the files of a gated repo.
TELLING: Final = frozenset({*OUTSIDE_THE_GATE, Action.REVIEW})
# Needed in the namespace: a grant for the very repo is not enough to take it away.
IN_NAMESPACE: Final = frozenset({Action.REMOVE, Action.TRANSFER})


def _anybody(_actor: Actor, _thing: Governed) -> bool:
    return True


# What the person must be, whatever the token.
RIGHTS: Final[Mapping[Action, Callable[[Actor, Governed], bool]]] = {
    Action.LOOK: _anybody,
    Action.DISCUSS: _anybody,
    Action.READ: _anybody,
    Action.PROPOSE: _anybody,
    Action.WRITE: may_change,
    Action.REVIEW: may_change,
    Action.MANAGE: may_change,
    Action.SHARE: may_share,
    Action.REMOVE: may_remove,
    Action.TRANSFER: may_transfer,
}
# What a narrowed token needs, one of several; a verb that is missing here it can never have.
NEEDED: Final[Mapping[Thing, Mapping[Action, tuple[Permission, ...]]]] = {
    Thing.REPO: {
        Action.LOOK: (Permission.CONTENT_READ,),
        Action.DISCUSS: (Permission.DISCUSSION_WRITE,),
        Action.READ: (Permission.CONTENT_READ,),
        Action.PROPOSE: (Permission.CONTENT_WRITE, Permission.DISCUSSION_WRITE),
        Action.WRITE: (Permission.CONTENT_WRITE,),
        Action.REVIEW: (Permission.ACCESS_READ,),
        Action.MANAGE: (Permission.REPO_WRITE,),
        Action.SHARE: (Permission.REPO_WRITE,),
        Action.REMOVE: (Permission.REPO_WRITE,),
        Action.TRANSFER: (Permission.REPO_WRITE,),
    },
    Thing.COLLECTION: {
        Action.LOOK: (Permission.COLLECTION_READ,),
        Action.DISCUSS: (Permission.DISCUSSION_WRITE,),
        Action.WRITE: (Permission.COLLECTION_WRITE,),
    },
}
