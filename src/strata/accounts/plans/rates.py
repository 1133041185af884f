"""How many requests one caller may make in five minutes (product §3.17; conventions §6).

Fixed windows that begin for everybody at the same moment, counted in the process: no request waits
for a database to be counted. What several processes counted is exchanged in bulk (`shared_rates`).

Memory stays bounded under an attack from many addresses: when `MAX_KEYS` are known, further
addresses share `SHARED_SLOTS` counters until the window ends. Accounts always have their own.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from strata.core.errors import TooMany
from strata.core.settings.groups.limits import RatesSettings

WINDOW_S = 300
FAILURES_WINDOW_S = 600
MAX_KEYS = 100_000
SHARED_SLOTS = 4_096

Caller = int | str  # the id of an account, or an address; a negative number is a shared slot


class Bucket(StrEnum):
    """What is counted apart; the first three are the Hub's own names."""

    API = "api"
    RESOLVERS = "resolvers"
    PAGES = "pages"
    GIT = "git"
    SSH = "ssh"
    TRANSFERS = "transfers"  # bytes behind links and tokens that a counted request handed out


Key = tuple[Bucket, Caller]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a caller stands after this request."""

    bucket: Bucket
    quota: int  # requests in a window
    remaining: int
    resets_in_s: int
    refused: bool = False

    def require(self) -> None:
        """Refuse when the quota was used up before this request.

        Raises:
            TooMany: with the seconds until the next window.
        """
        if self.refused:
            raise TooMany(
                f"Too many requests: {self.quota} of this kind ({self.bucket}) are allowed in"
                f" {WINDOW_S // 60} minutes. Try again in {self.resets_in_s} seconds.",
                retry_after_s=self.resets_in_s,
            )


class _Counts:
    """Counts of one fixed window; forgotten all at once when it ends."""

    def __init__(self, length_s: int) -> None:
        self.length_s = length_s
        self.window = 0
        self.by_key: dict[Key, int] = {}

    def move_to(self, seconds: int) -> int:
        """Begin the window of this moment; returns the seconds that are left of it."""
        window, passed = divmod(seconds, self.length_s)
        if window != self.window:
            self.window, self.by_key = window, {}
        return self.length_s - passed

    def key(self, bucket: Bucket, caller: Caller) -> Key:
        key = (bucket, caller)
        if isinstance(caller, str) and len(self.by_key) >= MAX_KEYS and key not in self.by_key:
            # The hash of a text is another one in each process: nobody can aim at a slot.
            return bucket, -1 - hash(caller) % SHARED_SLOTS
        return key


class Rates:
    """The counters of one serving process; any thread may take."""

    def __init__(self, settings: RatesSettings) -> None:
        self._enabled = settings.enabled
        self._account = quotas(settings)
        self._anonymous = _anonymous_quotas(settings)
        self._failures_allowed = settings.token_failures
        self._special: Mapping[int, Mapping[Bucket, int]] = {}
        self._lock = threading.Lock()
        self._requests = _Counts(WINDOW_S)
        self._failures = _Counts(FAILURES_WINDOW_S)
        self._elsewhere: tuple[int, Mapping[Key, int]] = (0, {})

    def take(self, bucket: Bucket, caller: Caller, now: datetime) -> Standing | None:
        """Count one request of a caller, unless its quota is used up; None: nobody is limited."""
        if not self._enabled:
            return None
        with self._lock:
            left_s = self._requests.move_to(int(now.timestamp()))
            key = self._requests.key(bucket, caller)
            quota, used = self._quota(bucket, caller), self._used(key)
            refused = used >= quota
            if not refused:
                self._requests.by_key[key] = self._requests.by_key.get(key, 0) + 1
                used += 1
        return Standing(bucket, quota, max(0, quota - used), left_s, refused)

    def standing(self, bucket: Bucket, caller: Caller, now: datetime) -> Standing | None:
        """Where a caller stands; counts nothing."""
        if not self._enabled:
            return None
        with self._lock:
            left_s = self._requests.move_to(int(now.timestamp()))
            used = self._used(self._requests.key(bucket, caller))
        quota = self._quota(bucket, caller)
        return Standing(bucket, quota, max(0, quota - used), left_s)

    def note_failure(self, address: str, now: datetime) -> None:
        """Count credentials that opened nothing.

        Raises:
            TooMany: this address has shown too many of them in the last ten minutes.
        """
        if not self._enabled:
            return
        with self._lock:
            left_s = self._failures.move_to(int(now.timestamp()))
            key = self._failures.key(Bucket.API, address)
            failed = self._failures.by_key.get(key, 0) + 1
            self._failures.by_key[key] = failed
        if failed > self._failures_allowed:
            raise TooMany(
                "Too many wrong access tokens came from this address. Mend or remove them, and"
                f" try again in {left_s} seconds.",
                retry_after_s=left_s,
            )

    def busy(self, now: datetime) -> tuple[int, dict[Key, int]]:
        """The window, and what was counted here of those who used a tenth of their quota or more.

        The others need not be told to other processes: they are far from any limit.
        """
        with self._lock:
            self._requests.move_to(int(now.timestamp()))
            counted = dict(self._requests.by_key)
        busy = {k: n for k, n in counted.items() if n * 10 >= self._quota(*k) and not _shared(k)}
        return self._requests.window, busy

    def hear(self, window: int, elsewhere: Mapping[Key, int]) -> None:
        """Take over what other processes counted in a window, instead of what was heard before."""
        self._elsewhere = (window, elsewhere)

    def allow(self, special: Mapping[int, Mapping[Bucket, int]]) -> None:
        """Take over the quotas of the accounts that have others than most."""
        self._special = special

    def _used(self, key: Key) -> int:
        window, elsewhere = self._elsewhere
        others = elsewhere.get(key, 0) if window == self._requests.window else 0
        return self._requests.by_key.get(key, 0) + others

    def _quota(self, bucket: Bucket, caller: Caller) -> int:
        if isinstance(caller, str) or caller < 0:
            return self._anonymous[bucket]
        special = self._special.get(caller)
        return self._account[bucket] if special is None else special[bucket]


def _shared(key: Key) -> bool:
    return isinstance(key[1], int) and key[1] < 0


def quotas(settings: RatesSettings) -> dict[Bucket, int]:
    """What an account may do in five minutes that has no other quotas of its own."""
    return {bucket: getattr(settings, bucket) for bucket in Bucket}


def _anonymous_quotas(settings: RatesSettings) -> dict[Bucket, int]:
    counted = {bucket for bucket in Bucket if bucket is not Bucket.TRANSFERS}
    own = {bucket: getattr(settings, f"anonymous_{bucket}") for bucket in counted}
    return own | {Bucket.TRANSFERS: settings.transfers}
