"""Who is asking, settled once at the door."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class TokenRole(StrEnum):
    """What an access token may do of what its owner may."""

    READ = "read"
    WRITE = "write"
    FINE_GRAINED = "fineGrained"  # only what its grants name


class Bar(StrEnum):
    """Why an organisation keeps its member out, or a token of theirs (product §3.10, §3.12)."""

    KIND = "kind"  # it takes fine-grained tokens only
    PENDING = "pending"  # its admins have to approve the token first
    DENIED = "denied"
    REVOKED = "revoked"
    FACTOR = "factor"  # whatever the credentials: its member has no second factor


class TokenKind(StrEnum):
    """How a token came to be."""

    ACCESS = "access"  # made by its owner
    OAUTH = "oauth"  # given to an application that its owner let in
    PUBLISHER = "publisher"  # given to a job of a CI service for an hour


class Standing(StrEnum):
    """What an account may do at all (product §3.1); a confirmed address is a matter of its own."""

    ACTIVE = "active"
    PENDING = "pending_approval"
    SUSPENDED = "suspended"
    LEAVING = "deletion_scheduled"
    DELETED = "deleted"  # what is left keeps the place of an author


class Role(StrEnum):
    """What a member may do in an organisation, from the weakest to the strongest."""

    NO_ACCESS = "no_access"
    READ = "read"
    CONTRIBUTOR = "contributor"  # also creates repos, and changes those
    WRITE = "write"  # also changes every repo
    ADMIN = "admin"  # also moves repos away and manages the members

    def reaches(self, needed: Role) -> bool:
        """Whether this role includes what `needed` allows."""
        return _STRENGTH[self] >= _STRENGTH[needed]


_STRENGTH: Mapping[Role, int] = {role: strength for strength, role in enumerate(Role)}


@dataclass(frozen=True, slots=True)
class Grants:
    """What a narrowed token lets through, by the Hub's names, such as `repo.content.read`.

    Public content is readable with any token. Everything else needs a name here, for the very repo,
    for the namespace that owns it, or everywhere; and the person's own right on top. The names are
    those of `core.permissions`; others open nothing.
    """

    gated: bool = False  # reads the gated repos that its person was let into
    everywhere: frozenset[str] = frozenset()
    namespaces: Mapping[int, frozenset[str]] = field(default_factory=dict)  # by their ids
    repos: Mapping[int, frozenset[str]] = field(default_factory=dict)
    collections: Mapping[int, frozenset[str]] = field(default_factory=dict)


NOTHING = Grants()


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """The access token a request came with."""

    id: int
    name: str
    role: TokenRole
    created_at: datetime
    stamp: str = ""  # the beginning of its digest: another one after a refresh
    kind: TokenKind = TokenKind.ACCESS
    expires_at: datetime | None = None
    grants: Grants | None = field(default=None, hash=False)  # None: as far as the role goes
    # The organisations that keep this token out, by their ids.
    bars: Mapping[int, Bar] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Share:
    """A repo on which somebody works without belonging to its namespace."""

    role: Role  # `read`, `write` or `admin`
    owner_id: int  # of the repo


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, or nobody, or the hub itself, and how they proved it."""

    user_id: int | None = None
    name: str | None = None  # canonical casing
    verified: bool = False
    admin: bool = False
    token: TokenFacts | None = None
    standing: Standing = Standing.ACTIVE
    agree_by: datetime | None = None  # when to agree to newer documents; None: nothing is asked
    must_agree: bool = False  # that moment is past: until they do, their pages only show
    session_id: int | None = None
    session_mark: str = field(default="", repr=False)  # what the forms of this session are bound to
    # Until then this session counts as one whose person has just proved who they are.
    proved_until: datetime | None = None
    ssh_key_id: int | None = None  # the key that they connected with
    system: bool = False  # jobs and operator commands
    # Role by the id of the organisation; what they open is decided by `access.policy` alone.
    roles: Mapping[int, Role] = field(default_factory=dict, hash=False)
    # The repos, by their ids, on which they are a collaborator.
    shares: Mapping[int, Share] = field(default_factory=dict, hash=False)
    # The organisations, by their ids, that want a second factor which the person has not.
    closed: frozenset[int] = frozenset()
    factor_due: datetime | None = None  # until when they are to set one up

    @property
    def anonymous(self) -> bool:
        return self.user_id is None and not self.system

    @property
    def grants(self) -> Grants | None:
        """What the credentials are narrowed to; None: the role of the token says it all."""
        if self.token is None:
            return None
        narrowed = self.token.role is TokenRole.FINE_GRAINED
        return NOTHING if narrowed and self.token.grants is None else self.token.grants


ANONYMOUS = Actor()
SYSTEM = Actor(system=True)
