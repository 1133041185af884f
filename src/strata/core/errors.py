"""Every failure a caller can meet, drawn once.

    StrataError
    ├── Malformed             400  the request cannot be understood or breaks a rule
    │   ├── InvalidFields     400  several named fields break rules
    │   ├── GrantRefused      400  an application gets no token; carries OAuth's word for it
    │   │   └── ClientRefused 401  and is not the one that it says it is
    │   └── RepoNotGated      400
    ├── Unauthenticated       401  credentials are needed
    │   └── BadCredentials    401  the credentials given are wrong, expired or revoked
    │       ├── TokenExpired  401
    │       └── PasswordShown 401  a password in the place of an access token
    ├── Forbidden             403  known caller, not allowed
    │   ├── EmailNotVerified  403
    │   ├── AccountSuspended  403
    │   ├── LogInElsewhere    403  people with such an address come in through another site alone
    │   ├── ConsentNeeded     403  the documents changed; the person must agree anew
    │   ├── TokenTooNarrow    403  the person might, the access token may not
    │   ├── ProofNeeded       403  the session must show once more who sits there
    │   ├── GatedRepo         403  (401 to anonymous callers)
    │   └── RepoDisabled      403
    ├── NotFound              404
    │   ├── RepoNotFound      404  (401 to anonymous callers)
    │   ├── RevisionNotFound  404
    │   └── EntryNotFound     404
    ├── Moved                 307  the repo answers under another id
    ├── Conflict              409
    │   └── AlreadyExists     409  carries the url of what exists
    │       └── CollectionExists  409  carries its slug
    ├── Gone                  410
    ├── ParentMoved           412  the branch is no longer where the caller thought
    ├── TooLarge              413
    │   └── OverQuota         413  the owner's plan has no room for it
    ├── RangeUnsatisfiable    416
    ├── Unprocessable         422  a path that git or Windows could not hold
    ├── TooMany               429  carries the seconds to wait
    │   ├── Locked            429  of one account from one place; another password ends it
    │   ├── AskedToday        429  for a copy of one's data
    │   └── WorkNeeded        429  or work instead; carries the puzzle
    ├── Unforeseen            500  nobody thought of it: the log has it, the caller a reference
    ├── ProviderFailed        502  another site did not answer as it should
    ├── Maintained            503  the hub is closed for a while; carries the seconds to wait
    └── NotOffered            501  a known request that this hub does not serve

Doors map the tree to their protocol (`web/errors.py`, git `ERR` lines, exit codes). Rooms raise,
never render. The messages are what clients print: they say what happened and what to do next. Codes
obey huggingface_hub/utils/_http.py:hf_raise_for_status.
"""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar


class StrataError(Exception):
    """A failure that the caller can understand and act upon."""

    code: ClassVar[str | None] = None  # the client's X-Error-Code

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Malformed(StrataError):
    """The request breaks a rule; nothing was changed."""


class InvalidFields(Malformed):
    """Several named fields break rules; pages show each message beside its field.

    Args:
        values: what the sentences of the rules have places for, such as `has` and `total`.
    """

    def __init__(self, fields: dict[str, tuple[str, ...]], **values: str) -> None:
        super().__init__("; ".join(f"{name}: {', '.join(rules)}" for name, rules in fields.items()))
        self.fields = fields  # field name → message keys, e.g. {"password": ("pw.too_short",)}
        self.values = values


class GrantRefused(Malformed):
    """An application gets no token, or no answer about one (RFC 6749 §5.2)."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason  # "invalid_grant", …; the message is ASCII without quotes


class ClientRefused(GrantRefused):
    """An application is unknown, or not the one that it says it is."""

    def __init__(self, message: str) -> None:
        super().__init__("invalid_client", message)


class RepoNotGated(Malformed):
    """Nobody needs access to this repo: its files are open."""

    code = "RepoNotGated"

    def __init__(self, message: str = "This repository is not gated.") -> None:
        super().__init__(message)


class Unauthenticated(StrataError):
    """Credentials are needed and none were given."""


class BadCredentials(Unauthenticated):
    """The token, session or password given is wrong, expired or revoked."""

    def __init__(self, message: str = "Invalid credentials in Authorization header") -> None:
        super().__init__(message)


class TokenExpired(BadCredentials):
    """The time of an access token is over; clients are told what they know, people why."""

    def __init__(self) -> None:
        super().__init__("Token expired")


class PasswordShown(BadCredentials):
    """What came where access tokens come is none, and nobody looked whose password it may be."""

    def __init__(self) -> None:
        super().__init__(
            "Passwords are not accepted here. Create an access token in the settings of your "
            "account, and enter that in the place of the password."
        )


class Forbidden(StrataError):
    """A known caller who may not do this."""


class EmailNotVerified(Forbidden):
    """The account must confirm its e-mail address first."""

    code = "EmailNotVerified"


class AccountSuspended(Forbidden):
    """An operator has closed the account."""

    code = "AccountSuspended"

    def __init__(
        self,
        message: str = "This account is suspended. Ask the people who run this site.",
        *,
        reason: str = "",
    ) -> None:
        super().__init__(message)
        self.reason = reason  # as an operator wrote it, for the person alone


class LogInElsewhere(Forbidden):
    """Whoever has such an address logs in through one other site, and by no other way."""

    code = "LogInElsewhere"

    def __init__(self, provider: str, name: str) -> None:
        super().__init__(
            f"People with such an address log in with {name}, in a browser; "
            "programs need an access token."
        )
        self.provider = provider  # id of a `LoginProvider`
        self.name = name  # as people know the site


class ConsentNeeded(Forbidden):
    """The documents changed; until the person agrees anew, their pages only show."""

    code = "ConsentNeeded"

    def __init__(self, fault: str = "") -> None:
        super().__init__("The terms of this site have changed. Read them on /agree and agree anew.")
        self.fault = fault  # message key of what is wrong with the consent that was given


class TokenTooNarrow(Forbidden):
    """The person might; the role or the scopes of the access token do not allow it."""


class ProofNeeded(Forbidden):
    """The act wants to know once more who sits there; pages ask, and then carry on."""

    code = "ProofNeeded"

    def __init__(self, fault: str = "") -> None:
        super().__init__("Confirm on a page of this site that it is you, then try again.")
        self.fault = fault  # message key of what is wrong with the proof that was given


class GatedRepo(Forbidden):
    """The gate has not let the caller in."""

    code = "GatedRepo"

    def __init__(
        self, message: str = "Access to this repository is restricted.", *, path: str = ""
    ) -> None:
        super().__init__(message)
        self.path = path  # of the page where access can be asked for, from the hub's root


class RepoDisabled(Forbidden):
    """The repo was taken down; the text is compared verbatim by clients."""

    def __init__(self) -> None:
        super().__init__("Access to this resource is disabled.")


class NotFound(StrataError):
    """No such thing, or one the caller may not know of."""


class RepoNotFound(NotFound):
    """No such repo, or one the caller may not know of."""

    code = "RepoNotFound"

    def __init__(self, message: str = "Repository not found", *, hidden: bool = False) -> None:
        super().__init__(message)
        self.hidden = hidden  # it is there; for our own log alone, no answer may differ by it


class RevisionNotFound(NotFound):
    """The repo has no such branch, tag or commit."""

    code = "RevisionNotFound"

    def __init__(self, revision: str) -> None:
        super().__init__(f"Invalid rev id: {revision}")


class EntryNotFound(NotFound):
    """The revision has no such file or folder."""

    code = "EntryNotFound"

    def __init__(self, message: str = "Entry not found", *, commit: str | None = None) -> None:
        super().__init__(message)
        self.commit = commit  # clients cache the absence under this commit


class Moved(StrataError):
    """The repo answers under another id; doors redirect with a relative 307."""

    def __init__(self, target: str) -> None:
        super().__init__(f"Moved to {target}")
        self.target = target  # "namespace/name"


class Conflict(StrataError):
    """The change collides with what is there."""


class AlreadyExists(Conflict):
    """The thing to create exists; clients with exist_ok continue to its url."""

    def __init__(self, message: str, *, url: str | None = None) -> None:
        super().__init__(message)
        self.url = url


class CollectionExists(AlreadyExists):
    """The owner has a collection of this title; clients with exists_ok read it by its slug."""

    def __init__(self, message: str, *, slug: str) -> None:
        super().__init__(message)
        self.slug = slug  # "owner/words-of-the-title-<key>"


class Gone(StrataError):
    """It existed and was taken away for good."""


class ParentMoved(StrataError):
    """The branch moved since the caller looked; the text is matched by clients."""

    def __init__(self) -> None:
        super().__init__(
            "The branch was updated since you opened this page. Please refresh and try again."
        )


class TooLarge(StrataError):
    """The request is larger than the limit that the message names."""


class OverQuota(TooLarge):
    """It would take more than the plan of its owner allows; what is there stays.

    Args:
        need, left, total: as people read them; empty where it is not about bytes.
        has: how many there are, where it is about one more.
    """

    def __init__(
        self, message: str, *, need: str = "", left: str = "", total: str = "", has: str = ""
    ) -> None:
        super().__init__(message)
        self.need = need
        self.left = left
        self.total = total
        self.has = has


class RangeUnsatisfiable(StrataError):
    """The range starts behind the end of the file."""

    def __init__(self, size: int) -> None:
        super().__init__("Requested range not satisfiable")
        self.size = size  # bytes of the file


class Unprocessable(StrataError):
    """Understood but impossible, such as a path that git could not hold."""


class TooMany(StrataError):
    """A rate limit was reached."""

    def __init__(self, message: str = "", *, retry_after_s: int) -> None:
        wait = f"{retry_after_s} second{'' if retry_after_s == 1 else 's'}"
        super().__init__(message or f"Too many requests. Try again in {wait}.")
        self.retry_after_s = retry_after_s


class Locked(TooMany):
    """Too many wrong passwords for one account from one place; another password ends the wait."""


class AskedToday(TooMany):
    """Somebody asked for a copy of their data less than a day ago."""


class WorkNeeded(TooMany):
    """A rate limit was reached; whoever solves a puzzle of ours need not wait.

    Args:
        bits: how many zero bits the answer begins with.
        ticket: what is worked on.
    """

    def __init__(self, *, retry_after_s: int, bits: int, ticket: str) -> None:
        super().__init__(retry_after_s=retry_after_s)
        self.bits = bits
        self.ticket = ticket


class Maintained(StrataError):
    """The hub is closed for a while by those who run it."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"This site is being maintained. Try again in {retry_after_s} seconds.")
        self.retry_after_s = retry_after_s


class Unforeseen(StrataError):
    """What nobody thought of; the log names it by the reference."""

    def __init__(self, reference: str) -> None:
        super().__init__(f"Something failed on our side. Reference {reference}.")


class Failure(StrEnum):
    """What a person is told of a log-in at another site that failed."""

    AWAY = "away"  # the site did not answer as it should
    DENIED = "denied"  # they were refused there, or took back what they wanted
    OVER = "over"  # the attempt
    OUTSIDE = "outside"  # they are not of those who may come in


class ProviderFailed(StrataError):
    """Another site, which was to tell who somebody is, did not answer as it should.

    Args:
        reason: for the log, and for those who run the hub; the person is told `failure` alone.
    """

    def __init__(self, provider: str, reason: str, failure: Failure = Failure.AWAY) -> None:
        super().__init__(f"{provider} could not be asked who you are.")
        self.provider = provider
        self.reason = reason
        self.failure = failure


class NotOffered(StrataError):
    """A request we know and do not serve."""
