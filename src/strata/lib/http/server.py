"""Run an ASGI application: uvicorn with our protocol, in one process or several.

Several workers are forks of a process that has imported everything and built nothing: they share
the listening socket, and the parent only watches over them. uvicorn's own supervisor would pickle
the application instead.
"""

import asyncio
import gc
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.config import STARTUP_FAILURE

from strata.lib.http.sendfile import SendfileProtocol
from strata.lib.listening import bound

STOPPING = "strata.stopping"  # in the scope: a function that says whether the server is to end
KILL_AFTER_S = 5.0  # beyond the graceful time, before a worker is killed
RESTART_AFTER_S = 1.0  # between the death of a worker and its successor
WATCH_EVERY_S = 0.2
BEGIN_EVERY_S = 0.02
_SIGNALS = (signal.SIGTERM, signal.SIGINT)


@dataclass(frozen=True, slots=True)
class Serving:
    """How to serve; all of it independent of the application."""

    host: str = "127.0.0.1"
    port: int = 8080  # 0: any free one
    workers: int = 1  # processes
    graceful_s: int = 30  # seconds running requests may take after SIGTERM
    keep_alive_s: int = 75  # seconds an idle connection is kept
    backlog: int = 2048  # connections waiting to be accepted
    certificate: Path | None = None  # PEM chain: serve TLS ourselves
    certificate_key: Path | None = None


def serve(
    build: Callable[[], ASGIApp],
    serving: Serving,
    *,
    listening: Callable[[str, int], None] | None = None,
) -> int:
    """Serve until SIGTERM or SIGINT; the exit code for the process (0 after a graceful end).

    `build` runs in each worker process after the fork, with no loop running. The socket is bound
    before, so a taken port fails at once; `listening(host, port)` is called when it is open.

    Raises:
        OSError: the address cannot be bound.
    """
    with bound(serving.host, serving.port, serving.backlog) as listener:
        if listening is not None:
            listening(serving.host, listener.getsockname()[1])
        if serving.workers == 1:
            return _work(build, serving, listener)
        return _Workers(build, serving, listener).watch()


def _work(build: Callable[[], ASGIApp], serving: Serving, listener: socket.socket) -> int:
    """Serve in this process."""
    # A signal that comes while the application is built is remembered. uvicorn raises the one that
    # it was ended by once more; that shall not kill us.
    asked: list[int] = []
    before = [signal.signal(number, lambda one, _: asked.append(one)) for number in _SIGNALS]
    app = build()
    # What is there by now stays until the end. Looking through all of it for garbage would hold up
    # every request for 0.1 s, now and again.
    gc.freeze()
    configuration = _configuration(app, serving)
    server = uvicorn.Server(configuration)
    configuration.app = _told_of_the_end(app, server, asked)
    try:
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        return 0
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 1
    finally:
        for number, handler in zip(_SIGNALS, before, strict=True):
            signal.signal(number, handler)
    return 0 if server.started else STARTUP_FAILURE


def _told_of_the_end(app: ASGIApp, server: uvicorn.Server, asked: Sequence[int]) -> ASGIApp:
    """Let answers that go on by themselves ask whether they should come to an end.

    Args:
        asked: the signals that came before uvicorn listened to them.
    """
    ending: list[asyncio.Future[None]] = []  # held, or nothing would keep it running

    async def told(scope: Scope, receive: Receive, send: Send) -> None:
        scope[STOPPING] = lambda: server.should_exit
        if scope["type"] == "lifespan" and asked:
            ending.append(asyncio.ensure_future(_end_soon(server)))
        await app(scope, receive, send)

    return told


async def _end_soon(server: uvicorn.Server) -> None:
    """End a server as soon as it has begun; told before, it would leave without cleaning up."""
    while not server.started:  # noqa: ASYNC110 — a flag of uvicorn's; nothing rings
        await asyncio.sleep(BEGIN_EVERY_S)
    server.should_exit = True


def _configuration(app: ASGIApp, serving: Serving) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=SendfileProtocol,
        ws="none",
        loop="auto" if sys.platform == "win32" else "uvloop",
        lifespan="auto",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=serving.graceful_s,
        timeout_keep_alive=serving.keep_alive_s,
        backlog=serving.backlog,
        ssl_certfile=serving.certificate,
        ssl_keyfile=serving.certificate_key,
    )


class _Workers:
    """The forks of one server."""

    def __init__(
        self, build: Callable[[], ASGIApp], serving: Serving, listener: socket.socket
    ) -> None:
        self._build = build
        self._serving = serving
        self._listener = listener
        self._running: set[int] = set()
        self._stopping = False
        self._exit_code = 0

    def watch(self) -> int:
        """Keep the workers running until a signal comes; then end them."""
        before = [signal.signal(number, self._stop) for number in _SIGNALS]
        try:
            while not self._stopping:
                while len(self._running) < self._serving.workers:
                    self._start()
                time.sleep(WATCH_EVERY_S)
                self._reap()
            self._end()
        finally:
            for number, handler in zip(_SIGNALS, before, strict=True):
                signal.signal(number, handler)
        return self._exit_code

    def _start(self) -> None:
        # Signals wait until the child has its own handlers: it must not act as the parent.
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        worker = os.fork()
        if worker == 0:
            self._become_worker()
        self._running.add(worker)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)

    def _become_worker(self) -> None:
        """Serve in the fork and leave without the parent's clean-up."""
        code = 1
        try:
            for number in _SIGNALS:
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
            code = _work(self._build, self._serving, self._listener)
        except Exception:  # noqa: BLE001 -- the last frame of this process: report and leave
            sys.excepthook(*sys.exc_info())
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _reap(self) -> None:
        for worker in tuple(self._running):
            ended, status = os.waitpid(worker, os.WNOHANG)
            if not ended:
                continue
            self._running.discard(worker)
            if os.waitstatus_to_exitcode(status) in {1, STARTUP_FAILURE}:
                # It would fail again the same way: the application cannot be built or started.
                self._stopping = True
                self._exit_code = STARTUP_FAILURE
            elif not self._stopping:
                time.sleep(RESTART_AFTER_S)

    def _end(self) -> None:
        self._signal(signal.SIGTERM)
        deadline = time.monotonic() + self._serving.graceful_s + KILL_AFTER_S
        while self._running and time.monotonic() < deadline:
            time.sleep(WATCH_EVERY_S / 4)
            self._reap()
        self._signal(signal.SIGKILL)
        for worker in self._running:
            os.waitpid(worker, 0)

    def _signal(self, number: int) -> None:
        for worker in self._running:
            os.kill(worker, number)
