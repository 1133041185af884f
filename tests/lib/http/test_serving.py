"""Files over real sockets: our protocol on both loops, plain and with TLS, and the server."""

import asyncio
import hashlib
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from typing_extensions import override

from fixtures.certificates import self_signed
from strata.lib.http import sendfile
from strata.lib.http.file_response import RangeFile
from strata.lib.http.malloc import tune_malloc
from strata.lib.http.pagecache import in_page_cache
from strata.lib.http.ranges import ByteRange, multipart_byteranges

SIZE = 20_000_003
TYPE = {"content-type": "application/octet-stream"}


class Files:
    """An application that answers one file in several ways, and counts open descriptors' ends."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.scopes: list[Scope] = []
        self.finished = threading.Semaphore(0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        self.scopes.append(scope)
        try:
            await self.answer(scope)(scope, receive, send)
        finally:
            self.finished.release()

    def answer(self, scope: Scope) -> RangeFile:
        path = self.path
        spans = (ByteRange(3, 10), ByteRange(100_000, 3_000_000))
        body = multipart_byteranges(spans, SIZE, "x/y", "SEP")
        answers = {
            "/whole": RangeFile(path, length=SIZE, headers=TYPE),
            "/small": RangeFile(path, offset=5, length=7, headers=TYPE, status=206),
            "/middle": RangeFile(path, offset=999, length=5_000_000, headers=TYPE, status=206),
            "/longer": RangeFile(path, length=SIZE + 1_000_000, headers=TYPE),
            "/several": RangeFile.multipart(path, body, {"ETag": '"a"'}),
            "/chunked": Chunked(path, length=SIZE, headers=TYPE),
            "/nothing": RangeFile(path.parent / "nothing", length=1, headers=TYPE),
        }
        return answers[scope["path"]]


class Chunked(RangeFile):
    """The same without saying how long it is: the protocol must frame it."""

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def without_length(message: dict[str, object]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = []
            await send(message)

        await super().__call__(scope, receive, without_length)  # type: ignore[arg-type]  # a dict is a message


@contextmanager
def served(app: Files, loop: str = "uvloop", **options: object) -> Iterator[int]:
    config = uvicorn.Config(
        app, http=sendfile.SendfileProtocol, ws="none", loop=loop, log_config=None,
        access_log=False, lifespan="off", timeout_graceful_shutdown=1, **options,  # type: ignore[arg-type]  # only TLS files
    )  # fmt: skip
    server = uvicorn.Server(config)
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def content() -> bytes:
    return os.urandom(SIZE)


@pytest.fixture
def files(tmp_path: Path, content: bytes) -> Files:
    path = tmp_path / "file.bin"
    path.write_bytes(content)
    return Files(path)


@pytest.fixture(params=["uvloop", "asyncio"])
def port(request: pytest.FixtureRequest, files: Files) -> Iterator[int]:
    with served(files, request.param) as number:
        yield number


def connected(port: int) -> HTTPConnection:
    return HTTPConnection("127.0.0.1", port, timeout=20)


def asked(connection: HTTPConnection, path: str, method: str = "GET") -> tuple[int, bytes]:
    connection.request(method, path)
    answer = connection.getresponse()
    return answer.status, answer.read()


def open_files(path: Path) -> int:
    held = 0
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            held += descriptor.readlink() == path
        except FileNotFoundError:
            continue
    return held


def wait_until_closed(path: Path) -> None:
    deadline = time.monotonic() + 5
    while open_files(path):
        assert time.monotonic() < deadline, "a descriptor stayed open"
        time.sleep(0.02)


def test_one_connection_carries_many_answers(port: int, content: bytes) -> None:
    connection = connected(port)
    for _ in range(3):
        assert asked(connection, "/whole") == (200, content)
        assert asked(connection, "/small") == (206, content[5:12])
        assert asked(connection, "/middle") == (206, content[999:5_000_999])
        assert asked(connection, "/whole", "HEAD") == (200, b"")
    connection.close()


def test_plain_connections_are_offered_sendfile(port: int, files: Files) -> None:
    connection = connected(port)
    asked(connection, "/small")
    connection.close()
    assert sendfile.EXTENSION in files.scopes[0]["extensions"]


def test_a_file_that_is_not_in_memory_comes_from_the_disk(
    port: int, files: Files, content: bytes
) -> None:
    with files.path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        assert not in_page_cache(file.fileno(), 0, SIZE)
    connection = connected(port)
    assert asked(connection, "/whole") == (200, content)
    connection.close()


def test_an_answer_without_length_is_framed(port: int, content: bytes) -> None:
    connection = connected(port)
    connection.request("GET", "/chunked")
    answer = connection.getresponse()
    assert answer.headers["Transfer-Encoding"] == "chunked"
    assert answer.read() == content
    assert asked(connection, "/small")[0] == 206
    connection.close()


def test_several_ranges_in_one_answer(port: int, content: bytes) -> None:
    connection = connected(port)
    connection.request("GET", "/several")
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    assert answer.status == 206
    assert answer.headers["Content-Type"] == "multipart/byteranges; boundary=SEP"
    parts = body.split(b"--SEP")
    assert parts[1].endswith(b"bytes 3-9/20000003\r\n\r\n" + content[3:10] + b"\r\n")
    assert content[100_000:3_000_000] in body
    assert body.endswith(b"\r\n--SEP--\r\n")


def test_pipelined_requests_are_answered_in_order(port: int, content: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port), 20) as raw:
        head = b"GET %s HTTP/1.1\r\nHost: x\r\n"
        raw.sendall(
            head % b"/middle" + b"\r\n" + head % b"/small" + b"\r\n"
            + head % b"/middle" + b"Connection: close\r\n\r\n"
        )  # fmt: skip
        answer = b""
        while piece := raw.recv(1 << 20):
            answer += piece
    middle, small = content[999:5_000_999], content[5:12]
    first, second = answer.find(middle), answer.rfind(middle)
    assert 0 < first < answer.find(b"\r\n\r\n" + small) < second
    assert answer.endswith(middle)


def test_a_missing_file_is_an_error_before_the_first_byte(port: int) -> None:
    connection = connected(port)
    assert asked(connection, "/nothing")[0] == 500
    connection.close()


def test_a_file_that_ends_early_cuts_the_connection(port: int, files: Files) -> None:
    with socket.create_connection(("127.0.0.1", port), 20) as raw:
        raw.sendall(b"GET /longer HTTP/1.1\r\nHost: x\r\n\r\n")
        received = 0
        try:
            while piece := raw.recv(1 << 20):
                received += len(piece)
        except ConnectionResetError:
            pass
    assert received < SIZE + 1_000_000
    wait_until_closed(files.path)


def test_a_client_that_leaves_half_way_frees_everything(port: int, files: Files) -> None:
    with socket.create_connection(("127.0.0.1", port), 20) as raw:
        raw.sendall(b"GET /whole HTTP/1.1\r\nHost: x\r\n\r\n")
        raw.recv(1000)
    assert files.finished.acquire(timeout=5)
    wait_until_closed(files.path)


def test_slow_clients_hold_neither_threads_nor_memory(port: int, content: bytes) -> None:
    before = threading.active_count()  # other tests of this process keep some
    with ExitStack() as open_until_then:
        slow = [socket.create_connection(("127.0.0.1", port), 20) for _ in range(40)]
        for raw in slow:
            open_until_then.enter_context(raw)
            raw.sendall(b"GET /whole HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        time.sleep(0.3)
        assert threading.active_count() - before < 12
        connection = connected(port)
        began = time.monotonic()
        assert asked(connection, "/small") == (206, content[5:12])
        assert time.monotonic() - began < 2
        connection.close()
        answer = b"".join(iter(lambda: slow[0].recv(1 << 20), b""))
        assert answer.endswith(content)


def test_garbage_during_an_answer_does_not_end_up_in_it(port: int, content: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port), 20) as raw:
        raw.sendall(b"GET /whole HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = raw.recv(1000)
        raw.sendall(b"\x00garbage\r\n\r\n")
        try:
            while piece := raw.recv(1 << 20):
                answer += piece
        except ConnectionResetError:
            pass
    body = answer.partition(b"\r\n\r\n")[2]
    assert content.startswith(body)


def test_large_heads_are_refused(port: int) -> None:
    for head in (
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 20_000,
        b"GET / HTTP/1.1\r\nX-Endless: " + b"y" * 300_000,
    ):
        with socket.create_connection(("127.0.0.1", port), 20) as raw:
            try:
                raw.sendall(head)
                answer = raw.recv(1000)
            except ConnectionError:
                continue
            assert answer.startswith(b"HTTP/1.1 431 ")


def test_a_head_within_limits_passes(port: int) -> None:
    connection = connected(port)
    connection.request("GET", "/small", headers={"X-Long": "y" * 30_000})
    assert connection.getresponse().status == 206
    connection.close()


def test_a_large_body_is_not_a_large_head(port: int) -> None:
    connection = connected(port)
    connection.request("POST", "/small", b"x" * 3_000_000)
    assert connection.getresponse().status == 206
    connection.close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    made = self_signed(tmp_path_factory.mktemp("tls"), "IP:127.0.0.1")
    return made.chain, made.key


@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
def test_under_tls_the_file_is_read(
    files: Files, content: bytes, certificate: tuple[Path, Path], loop: str
) -> None:
    chain, key = certificate
    trusted = ssl.create_default_context(cafile=str(chain))
    with (
        served(files, loop, ssl_certfile=chain, ssl_keyfile=key) as port,
        socket.create_connection(("127.0.0.1", port), 20) as raw,
        trusted.wrap_socket(raw, server_hostname="127.0.0.1") as secure,
    ):
        secure.sendall(b"GET /whole HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: secure.recv(1 << 20), b""))
    assert answer.endswith(content)
    assert sendfile.EXTENSION not in (files.scopes[0].get("extensions") or {})


def test_without_the_extension_large_reads_are_sent(files: Files, content: bytes) -> None:
    sent: list[dict[str, object]] = []

    async def send(message: object) -> None:
        assert isinstance(message, dict)
        sent.append(message)

    async def receive() -> dict[str, object]:
        raise AssertionError("a file needs no body")

    response = RangeFile(files.path, length=SIZE, headers=TYPE)
    asyncio.run(response({"type": "http", "method": "GET"}, receive, send))
    bodies = [message["body"] for message in sent[1:]]
    assert b"".join(body for body in bodies if isinstance(body, bytes)) == content
    assert len(bodies) == -(-SIZE // 1_048_576)
    assert [message["more_body"] for message in sent[1:]] == [True] * (len(bodies) - 1) + [False]


def test_nginx_is_told_where_the_file_is(files: Files) -> None:
    sent: list[dict[str, object]] = []

    async def send(message: object) -> None:
        assert isinstance(message, dict)
        sent.append(message)

    async def receive() -> dict[str, object]:
        raise AssertionError("a file needs no body")

    accel = {files.path.parent: "/internal/"}
    response = RangeFile(files.path, length=SIZE, headers=TYPE, accel=accel)
    asyncio.run(response({"type": "http", "method": "GET"}, receive, send))
    headers = sent[0]["headers"]
    assert isinstance(headers, list)
    assert (b"x-accel-redirect", b"/internal/file.bin") in headers
    assert sent[1]["body"] == b""


PROGRAM = """
import os, sys, time
from pathlib import Path
from strata.lib.http.server import STOPPING, Serving, serve

def build():
    if sys.argv[2] == "broken":
        raise RuntimeError("cannot build")
    async def app(scope, receive, send):
        if scope["type"] != "http":
            return
        if scope["path"] == "/slow":
            import asyncio
            await asyncio.sleep(1)
        if scope["path"] == "/endless":
            import asyncio
            while not scope[STOPPING]():
                await asyncio.sleep(0.05)
        if scope["path"] == "/die":
            os._exit(9)
        body = str(os.getpid()).encode()
        if scope["path"] == "/settled":
            import gc
            body = str(gc.get_freeze_count()).encode()
        await send({"type": "http.response.start", "status": 200,
                    "headers": [(b"content-length", str(len(body)).encode())]})
        await send({"type": "http.response.body", "body": body})
    return app

def tell(host, port):
    print(port, flush=True)

sys.exit(serve(build, Serving(port=0, workers=int(sys.argv[1]), graceful_s=5), listening=tell))
"""


@contextmanager
def program(workers: int, kind: str = "sound") -> Iterator[tuple[subprocess.Popen[str], int]]:
    running = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(workers), kind],
        stdout=subprocess.PIPE, text=True,
        env={"PYTHONPATH": str(Path(sendfile.__file__).parents[3])},
    )  # fmt: skip
    assert running.stdout is not None
    try:
        yield running, int(running.stdout.readline())
    finally:
        if running.poll() is None:
            running.kill()
        running.wait()
        running.stdout.close()


def answering_pid(port: int, path: str = "/") -> int:
    connection = connected(port)
    try:
        return int(asked(connection, path)[1])
    finally:
        connection.close()


@pytest.mark.parametrize("workers", [1, 3])
def test_sigterm_lets_running_requests_finish(workers: int) -> None:
    with program(workers) as (running, port):
        assert answering_pid(port, "/settled") > 10_000  # objects that no collection looks at
        slow: list[int] = []
        request = threading.Thread(target=lambda: slow.append(answering_pid(port, "/slow")))
        request.start()
        time.sleep(0.4)
        running.send_signal(signal.SIGTERM)
        assert running.wait(10) == 0
        request.join()
        assert len(slow) == 1
        with pytest.raises(ConnectionError):
            answering_pid(port)


@pytest.mark.parametrize("workers", [1, 2])
def test_an_answer_without_end_learns_of_the_end_of_the_server(workers: int) -> None:
    with program(workers) as (running, port):
        answering_pid(port)
        endless: list[int] = []
        request = threading.Thread(target=lambda: endless.append(answering_pid(port, "/endless")))
        request.start()
        time.sleep(0.4)
        assert endless == []
        running.send_signal(signal.SIGTERM)
        assert running.wait(3) == 0
        request.join()
        assert len(endless) == 1


def test_a_dead_worker_is_replaced() -> None:
    with program(2) as (running, port):
        before = answering_pid(port)
        with pytest.raises(ConnectionError):
            answering_pid(port, "/die")
        deadline = time.monotonic() + 10
        seen: set[int] = set()
        while len(seen - {before}) < 1 or len(seen) < 2:
            seen.add(answering_pid(port))
            assert time.monotonic() < deadline
        assert running.pid not in seen
        running.send_signal(signal.SIGTERM)
        assert running.wait(10) == 0


@pytest.mark.parametrize("workers", [1, 2])
def test_an_application_that_cannot_be_built_ends_the_server(workers: int) -> None:
    with program(workers, "broken") as (running, _):
        assert running.wait(10) != 0


def test_malloc_is_tuned_on_glibc() -> None:
    assert tune_malloc() is (os.confstr("CS_GNU_LIBC_VERSION") is not None)
    assert hashlib.sha256(bytes(50_000_000)).digest()


EARLY_END = """
import os, signal, sys
from strata.lib.http.server import Serving, serve

def build():
    async def app(scope, receive, send):
        while scope["type"] == "lifespan":
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                print("cleaned up", flush=True)
                return
    os.kill(os.getpid(), signal.SIGTERM)
    return app

sys.exit(serve(build, Serving(port=0)))
"""


def test_a_signal_before_the_server_listens_ends_it_in_order() -> None:
    done = subprocess.run(
        [sys.executable, "-c", EARLY_END], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (0, "cleaned up\n"), done.stderr
