"""Requests to addresses that strangers chose, against real servers and a resolver that lies."""

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pytest

from fixtures.receivers import Receiver, receiving
from strata.lib.http.guard import Allowed, Guard, TargetRefused
from strata.lib.http.outbound import Message, Outbound, Proxy, Unreachable

HELLO = Message(b'{"hello": 1}', {"Content-Type": "application/json"}, {"X-Webhook-Secret": "s3"})
LOOPBACK = Guard(allowed=Allowed.parse(("127.0.0.0/8",)), plain_http=True)
PUBLIC = Guard(plain_http=True)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


@dataclass
class Zone:
    """A name server in miniature: each question takes the next answer, the last one stays."""

    answers: dict[str, list[Sequence[str]]]
    asked: list[str] = field(default_factory=list)

    def __call__(self, host: str) -> Sequence[str]:
        self.asked.append(host)
        if host not in self.answers:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        several = self.answers[host]
        return several.pop(0) if len(several) > 1 else several[0]


def post(
    outbound: Outbound, url: str, *, within_s: float = 5, message: Message = HELLO
) -> tuple[int, bytes, bool]:
    reply = outbound.send(url, message, within_s=within_s, keep=1024)
    return reply.status, reply.body, reply.truncated


def test_a_post_arrives_with_its_secret(receiver: Receiver) -> None:
    assert post(Outbound(LOOPBACK), receiver.url("/ok?a=1")) == (200, b"thanks", False)

    (received,) = receiver.received
    assert received.path == "/ok?a=1"
    assert received.body == HELLO.body
    assert received.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert received.headers["x-webhook-secret"] == "s3"
    assert received.headers["content-length"] == str(len(HELLO.body))


def test_a_name_that_leads_inside_is_refused_before_any_connection(receiver: Receiver) -> None:
    zone = Zone({"evil.example": [["127.0.0.1"]], "mixed.example": [["8.8.8.8", "127.0.0.1"]]})

    for host in zone.answers:
        with pytest.raises(TargetRefused) as refused:
            post(Outbound(PUBLIC, zone), receiver.url(host=host))
        # A name that does not exist is told in the same words.
        assert str(refused.value) == f"{host} has no address that may be called"
    assert receiver.received == []


def test_a_name_that_changes_its_answer_gains_nothing(receiver: Receiver) -> None:
    # Judged by the first answer, it would be let in by a second look-up.
    guard = Guard(allowed=Allowed.parse(("127.0.0.1",)), plain_http=True)
    zone = Zone({"rebind.example": [["127.0.0.1"], ["127.0.0.2"]]})

    assert post(Outbound(guard, zone), receiver.url(host="rebind.example"))[0] == 200
    assert zone.asked == ["rebind.example"]
    with pytest.raises(TargetRefused):
        post(Outbound(guard, zone), receiver.url(host="rebind.example"))
    assert len(receiver.received) == 1
    assert receiver.received[0].headers["host"] == f"rebind.example:{receiver.port}"


def test_a_redirect_is_judged_like_an_address(receiver: Receiver) -> None:
    guard = Guard(allowed=Allowed.parse(("127.0.0.1",)), plain_http=True)
    zone = Zone({"evil.example": [["127.0.0.2"]]})
    outbound = Outbound(guard, zone)

    for place in (
        "http://127.0.0.2/",
        "http://localhost/",
        f"http://evil.example:{receiver.port}/",
        "file:///etc/passwd",
        "http://[::1]/",
    ):
        with pytest.raises(TargetRefused):
            post(outbound, receiver.url(f"/to?{place}"))
    assert {one.path.partition("?")[0] for one in receiver.received} == {"/to"}


def test_a_good_redirect_is_followed_and_another_origin_gets_no_secret(receiver: Receiver) -> None:
    outbound = Outbound(LOOPBACK)

    assert post(outbound, receiver.url("/to?/ok"))[0] == 200
    with receiving() as other:
        assert post(outbound, receiver.url(f"/to?{other.url()}"))[0] == 200

    assert receiver.received[1].headers["x-webhook-secret"] == "s3"
    assert other.received[0].body == HELLO.body
    assert "x-webhook-secret" not in other.received[0].headers


def test_a_redirect_that_would_change_the_method_is_an_answer(receiver: Receiver) -> None:
    assert post(Outbound(LOOPBACK), receiver.url("/found?/ok"))[0] == 302
    assert len(receiver.received) == 1


def test_redirects_end(receiver: Receiver) -> None:
    with pytest.raises(Unreachable, match="redirects"):
        post(Outbound(LOOPBACK), receiver.url("/to?" + "/to%3F" * 6))


@pytest.mark.parametrize("path", ["/stall", "/drip"])
def test_nobody_keeps_us_longer_than_the_deadline(receiver: Receiver, path: str) -> None:
    began = time.monotonic()

    with pytest.raises(Unreachable, match=r"within 0\.5 seconds"):
        post(Outbound(LOOPBACK), receiver.url(path), within_s=0.5)

    assert time.monotonic() - began < 2
    assert not [one for one in threading.enumerate() if isinstance(one, threading.Timer)]


def test_a_large_answer_is_read_no_further_than_needed(receiver: Receiver) -> None:
    status, body, truncated = post(Outbound(LOOPBACK), receiver.url("/big"))

    assert (status, len(body), truncated) == (200, 1024, True)


def test_nobody_there_is_said() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    with pytest.raises(Unreachable, match="refused"):
        post(Outbound(LOOPBACK), f"http://127.0.0.1:{port}/")
    with pytest.raises(Unreachable, match=r"nowhere\.example has no address"):
        post(Outbound(PUBLIC, Zone({})), "http://nowhere.example/")


def test_this_machine_is_refused_by_its_public_address_too(receiver: Receiver) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # sends nothing
        own = probe.getsockname()[0]
    zone = Zone({"front.example": [["8.8.8.8"]], "alias.example": [["8.8.8.8"]]})
    guard = Guard(plain_http=True, own_hosts=frozenset({"front.example"}))

    with pytest.raises(TargetRefused):
        post(Outbound(PUBLIC, Zone({"me.example": [[own]]})), receiver.url(host="me.example"))
    with pytest.raises(TargetRefused):  # the hub under another name
        post(Outbound(guard, zone), "http://alias.example/")
    assert receiver.received == []


def test_a_proxy_is_asked_by_name_and_the_guard_judges_the_name(receiver: Receiver) -> None:
    # To the proxy a request names its whole target; our receiver answers anything.
    proxy = Proxy(f"http://user:pw@127.0.0.1:{receiver.port}", ("direct.example",))
    zone = Zone({"direct.example": [["127.0.0.1"]]})
    outbound = Outbound(PUBLIC, zone, proxy)

    assert post(outbound, "http://hooks.example/in")[0] == 200
    assert receiver.received[0].path == "http://hooks.example:80/in"
    assert receiver.received[0].headers["proxy-authorization"] == "Basic dXNlcjpwdw=="
    for inside in ("http://localhost/", "http://10.0.0.1/", "http://metadata.google.internal/"):
        with pytest.raises(TargetRefused):
            post(outbound, inside)
    with pytest.raises(TargetRefused):  # without the proxy, its address is judged again
        post(outbound, "http://direct.example/")
    assert zone.asked == ["direct.example"]


def test_a_dead_proxy_is_said() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    with pytest.raises(Unreachable):
        post(Outbound(PUBLIC, proxy=Proxy(f"http://127.0.0.1:{port}")), "http://hooks.example/")


@pytest.mark.parametrize(
    ("exempt", "host", "served"),
    [
        ((), "example.org", True),
        (("*",), "example.org", False),
        (("example.org",), "a.example.org", False),
        ((".example.org",), "a.example.org", False),
        (("*.example.org",), "a.example.org", False),
        (("example.org",), "notexample.org", True),
        (("10.0.0.0/8",), "10.1.2.3", False),
        (("10.1.2.3",), "10.1.2.3", False),
        (("fd00::/8",), "fd00::1", False),
        (("10.0.0.0/8", "*"), "11.1.2.3", False),
        (("10.0.0.0/8",), "11.1.2.3", True),
        (("",), "example.org", True),
    ],
)
def test_who_is_exempt_from_the_proxy(exempt: tuple[str, ...], host: str, served: bool) -> None:  # noqa: FBT001
    assert Proxy("http://p", exempt).serves(host) is served
