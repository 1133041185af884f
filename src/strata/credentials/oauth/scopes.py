"""What applications may ask for, by the Hub's names, and what each opens (hub-api 03 §5.1).

Every scope here is enforced: it names claims that `claims` leaves out without it, or permissions
that `access.policy` asks a narrowed token for. Others are refused, so that nobody agrees to
something that means nothing here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from strata.core.actor import Grants
from strata.core.errors import GrantRefused
from strata.core.permissions import Permission
from strata.credentials.oauth import contributing

OPENID: Final = "openid"
PROFILE: Final = "profile"
EMAIL: Final = "email"
MEMBERSHIPS: Final = "read-memberships"
GATED: Final = "gated-repos"
MANAGE: Final = "manage-repos"
CONTRIBUTE: Final = "contribute-repos"

_IDENTITY: Final = (OPENID, PROFILE, EMAIL, MEMBERSHIPS)
# In the namespaces of the person and of the organisations that they chose; what includes another
# permission is written in `core.permissions`.
_PERMISSIONS: Final[Mapping[str, tuple[Permission, ...]]] = MappingProxyType(
    {
        "read-repos": (Permission.CONTENT_READ,),
        "write-repos": (Permission.CONTENT_WRITE,),
        MANAGE: (Permission.REPO_WRITE,),
        CONTRIBUTE: (Permission.REPO_CREATE,),  # and what it makes, see `contributing`
        "read-collections": (Permission.COLLECTION_READ,),
        "write-collections": (Permission.COLLECTION_WRITE,),
        "webhooks": (Permission.WEBHOOKS_WRITE,),
    }
)
_EVERYWHERE: Final[Mapping[str, tuple[Permission, ...]]] = MappingProxyType(
    {"write-discussions": (Permission.DISCUSSION_WRITE,)}
)
OFFERED: Final = (*_IDENTITY, GATED, *_PERMISSIONS, *_EVERYWHERE)
# The rest of the Hub's: known, and not enforced by anything here.
NOT_ENFORCED: Final = frozenset(
    {
        "read-billing",
        "inference-api",
        "read-endpoints",
        "write-endpoints",
        "jobs",
    }
)
ASK_FOR_LESS: Final = "The scope {name} is not offered by this hub. It offers: {offered}."
NOT_OF_APP: Final = "This application may not ask for the scope {name}."


def parsed(text: str) -> tuple[str, ...]:
    """The scopes of a request, each once, in its order.

    Raises:
        GrantRefused: `invalid_scope`; one is unknown, or nothing here enforces it.
    """
    asked = tuple(dict.fromkeys(text.split()))
    for name in asked:
        if name not in OFFERED:
            shown = name if name in NOT_ENFORCED else "that was asked for"
            offered = ", ".join(OFFERED)
            raise GrantRefused("invalid_scope", ASK_FOR_LESS.format(name=shown, offered=offered))
    return asked


def within(asked: Iterable[str], allowed: Iterable[str]) -> None:
    """Insist that nobody asks for more than was allowed.

    Raises:
        GrantRefused: `invalid_scope`.
    """
    most = frozenset(allowed)
    for name in asked:
        if name not in most:
            raise GrantRefused("invalid_scope", NOT_OF_APP.format(name=name))


def joined(*several: Iterable[str]) -> str:
    """Scopes as they are kept, each once."""
    return " ".join(dict.fromkeys(name for names in several for name in names))


def grants_of(
    scopes: Iterable[str], user_id: int, organizations: Iterable[int], made: Iterable[int] = ()
) -> Grants:
    """What a token with these scopes lets through.

    Args:
        organizations: ids of those that the person chose.
        made: ids of the repos that the application made for them.
    """
    held = tuple(scopes)
    inside = frozenset(name.value for scope in held for name in _PERMISSIONS.get(scope, ()))
    everywhere = frozenset(name.value for scope in held for name in _EVERYWHERE.get(scope, ()))
    places = (user_id, *organizations) if inside else ()
    return Grants(
        gated=GATED in held or MANAGE in held,  # product §4.4
        everywhere=everywhere,
        namespaces=dict.fromkeys(places, inside),
        repos=dict.fromkeys(made, contributing.OPENED) if CONTRIBUTE in held else {},
    )
