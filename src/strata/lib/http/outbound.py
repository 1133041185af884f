"""Send a request to an address that a stranger chose, and come back in time.

The name is resolved once, every address it has is judged by the guard, and the connection is made
to a judged address, so that a name which answers differently the next time (DNS rebinding) gains
nothing. TLS still checks the certificate for the name. Each redirect is a new target with the same
questions. Nobody can keep us longer than the deadline or make us read more than we keep.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Final
from urllib.parse import unquote, urljoin, urlsplit

import httpcore2
from typing_extensions import override

from strata.lib.http.guard import Address, Guard, Target, TargetRefused, literal

MOST_REDIRECTS: Final = 3
# The same words for a name that leads inside and for one that does not exist: whoever may choose
# names shall not learn which ones our network knows.
_NOWHERE: Final = "{host} has no address that may be called"
_SAME_METHOD: Final = (307, 308)  # the others would turn a POST into a GET

Resolver = Callable[[str], Sequence[str]]  # host → its addresses; an OSError when it has none


class Unreachable(Exception):
    """Nobody answered, or not in time, or not in HTTP; the text says which."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The beginning of an answer."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes  # at most as many bytes as were asked to be kept
    truncated: bool  # there was more


@dataclass(frozen=True, slots=True)
class Proxy:
    """The way out of a network that has no other."""

    url: str = field(repr=False)  # http://user:password@proxy:3128
    exempt: tuple[str, ...] = ()  # hosts, domains, networks that are reached directly; "*": all

    def serves(self, host: str) -> bool:
        address = literal(host)
        return not any(_exempts(rule.strip().lower(), host, address) for rule in self.exempt)


def _exempts(rule: str, host: str, address: Address | None) -> bool:
    """Whether an entry of NO_PROXY means a host: `*`, a network, a host with all below it."""
    if address is not None:
        with contextlib.suppress(ValueError):
            return address in ip_network(rule, strict=False)
    domain = rule.removeprefix("*").removeprefix(".")
    below = bool(domain) and (host == domain or host.endswith(f".{domain}"))
    return rule == "*" or below


@dataclass(frozen=True, slots=True)
class Message:
    """What to send."""

    body: bytes
    headers: Mapping[str, str]
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)  # for the first origin
    method: str = "POST"


def system_addresses(host: str) -> Sequence[str]:
    """Ask the operating system."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True, slots=True)
class Outbound:
    """The one way out for requests whose target is not the operator's choice."""

    guard: Guard = field(default_factory=Guard)
    resolve: Resolver = system_addresses
    proxy: Proxy | None = None

    def send(
        self, url: str, message: Message, *, within_s: float, keep: int, follow: bool = True
    ) -> Reply:
        """Send a request. Blocks: call it from a worker thread, never inside a transaction.

        Args:
            within_s: seconds until we hang up, redirects included.
            keep: bytes of the answer's body to read.
            follow: go where the target redirects to; else its redirect is the answer.

        Raises:
            TargetRefused: the address, or one that it redirects to, is none to visit.
            Unreachable: there was no answer.
        """
        first = target = self.guard.target(url)
        deadline = _Deadline(within_s)
        for _ in range(MOST_REDIRECTS + 1):
            secrets = message.secrets if target.origin == first.origin else {}
            reply = self._once(target, message, secrets, deadline, keep)
            place = dict(reply.headers).get("location")
            if not follow or reply.status not in _SAME_METHOD or place is None:
                return reply
            target = self.guard.target(urljoin(f"{target.origin}{target.path}", place))
        raise Unreachable(f"more than {MOST_REDIRECTS} redirects")

    def _once(
        self,
        target: Target,
        message: Message,
        secrets: Mapping[str, str],
        deadline: _Deadline,
        keep: int,
    ) -> Reply:
        own = {"Host": target.authority, "Accept-Encoding": "identity", "Connection": "close"}
        headers = [*own.items(), *message.headers.items(), *secrets.items()]
        url = httpcore2.URL(
            scheme=target.scheme, host=target.host, port=target.port, target=target.path
        )
        try:
            with (
                self._pool(target, deadline) as pool,
                pool.stream(
                    message.method,
                    url,
                    headers=headers,
                    content=message.body,
                    extensions={"timeout": deadline.timeouts()},
                ) as response,
            ):
                return _reply(response, keep)
        except (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.TimeoutException) as why:
            raise Unreachable(deadline.reason() or _reason(why)) from why
        except httpcore2.ProxyError as why:
            raise Unreachable(f"the proxy refused: {why}") from why
        finally:
            deadline.rest()

    def _pool(self, target: Target, deadline: _Deadline) -> httpcore2.ConnectionPool:
        """A pool for one request: a kept connection would outlive what was judged."""
        if self.proxy is None or not self.proxy.serves(target.host):
            return httpcore2.ConnectionPool(network_backend=_Judging(self, deadline))
        place = urlsplit(self.proxy.url)
        headers: dict[bytes | str, bytes | str] = {}
        if place.username is not None:
            pair = f"{unquote(place.username)}:{unquote(place.password or '')}"
            headers["Proxy-Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
        # The proxy resolves the name, so the guard has only judged the name itself.
        return httpcore2.HTTPProxy(
            f"{place.scheme}://{place.netloc.rpartition('@')[2]}",
            proxy_headers=headers,
            network_backend=_Trusting(deadline),
        )


def _reply(response: httpcore2.Response, keep: int) -> Reply:
    pieces, size = [], 0
    for piece in response.iter_stream():
        pieces.append(piece)
        size += len(piece)
        if size > keep:
            break
    headers = tuple(
        (name.decode("latin-1").lower(), value.decode("latin-1"))
        for name, value in response.headers
    )
    return Reply(response.status, headers, b"".join(pieces)[:keep], truncated=size > keep)


def _reason(why: Exception) -> str:
    return str(why) or type(why).__name__


class _Deadline:
    """One end for everything: an operation's own timeout begins anew with each byte."""

    def __init__(self, within_s: float) -> None:
        self._within_s = within_s
        self._end = time.monotonic() + within_s
        self._timer: threading.Timer | None = None
        self._watched: socket.socket | None = None

    def left(self) -> float:
        return max(self._end - time.monotonic(), 0.001)

    def timeouts(self) -> dict[str, float]:
        return dict.fromkeys(("connect", "read", "write", "pool"), self.left())

    def reason(self) -> str:
        passed = time.monotonic() >= self._end
        return f"no answer within {self._within_s:g} seconds" if passed else ""

    def watch(self, stream: httpcore2.NetworkStream) -> None:
        """Hang up at the end, whatever the connection is doing then."""
        # A copy: TLS takes the socket itself over.
        self._watched = stream.get_extra_info("socket").dup()
        self._timer = threading.Timer(self.left(), self._hang_up)
        self._timer.daemon = True
        self._timer.start()

    def _hang_up(self) -> None:
        watched = self._watched
        if watched is not None:
            with contextlib.suppress(OSError):
                watched.shutdown(socket.SHUT_RDWR)

    def rest(self) -> None:
        """Stop watching: the request is over."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer.join()
        if self._watched is not None:
            self._watched.close()
        self._timer = self._watched = None


class _Trusting(httpcore2.SyncBackend):
    """Connect to where the operator said, before the deadline."""

    def __init__(self, deadline: _Deadline) -> None:
        self._deadline = deadline

    @override
    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        left = self._deadline.left()
        stream = super().connect_tcp(host, port, left, local_address, socket_options)
        self._deadline.watch(stream)
        return stream


class _Judging(_Trusting):
    """Resolve, judge, and connect to what was judged."""

    def __init__(self, outbound: Outbound, deadline: _Deadline) -> None:
        super().__init__(deadline)
        self._outbound = outbound

    @override
    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        failure: httpcore2.NetworkError | httpcore2.TimeoutException | None = None
        for address in self._judged(host):
            try:
                return super().connect_tcp(
                    str(address), port, timeout, local_address, socket_options
                )
            except (httpcore2.NetworkError, httpcore2.TimeoutException) as why:
                failure = why
        raise failure or httpcore2.ConnectError(_NOWHERE.format(host=host))

    def _judged(self, host: str) -> list[Address]:
        """The addresses of a host: all of them may be visited, or none is."""
        guard = self._outbound.guard
        addresses = self._addresses(host)
        own = {address for name in guard.own_hosts for address in self._own(name)}
        for address in addresses:
            excepted = guard.allowed.name(host) or guard.allowed.address(address)
            ours = address in own or _is_this_machine(address)
            if not guard.admits(host, address) or (ours and not excepted):
                raise TargetRefused("inside", _NOWHERE.format(host=host))
        return addresses

    def _addresses(self, host: str) -> list[Address]:
        address = literal(host)
        if address is not None:
            return [address]
        try:
            found = self._outbound.resolve(host)
        except (OSError, UnicodeError) as why:
            raise httpcore2.ConnectError(_NOWHERE.format(host=host)) from why
        return [ip_address(text.partition("%")[0]) for text in found]

    def _own(self, name: str) -> list[Address]:
        try:
            return self._addresses(name)
        except httpcore2.ConnectError:
            return []


def _is_this_machine(address: Address) -> bool:
    """Whether packets to the address would not leave this machine; sends none."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((str(address), 9))
        except OSError:  # no way there at all: the connection will fail and say so
            return False
        return str(ip_address(probe.getsockname()[0])) == str(address)
