"""The composition root of a serving process: a hub, the web before it, the jobs beside it."""

from __future__ import annotations

import functools
import shutil
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final, Self

import anyio
from asyncssh import KeyImportError, SSHKey
from starlette.types import ASGIApp

from strata.accounts import people
from strata.accounts.plans.grants import special_rates
from strata.accounts.plans.shared_rates import EXCHANGE_EVERY_S, RateExchange, is_alone
from strata.app.first_start import words_for_first
from strata.app.hub import GATHERING, JOBS, MAILING, PROMPT, WAITING, load_hub
from strata.community.mailing.jobs import begin_mailing
from strata.community.telling.jobs import TidyInbox
from strata.community.webhooks.jobs import TidyWebhooks
from strata.core.call import reading, working
from strata.core.hub import Hub
from strata.core.settings.refusal import BadSettings
from strata.core.settings.tree import Settings
from strata.credentials.uses import FLUSH_EVERY_S
from strata.events.audit.sealing.seal import begin_sealing
from strata.events.jobs import enqueue
from strata.events.mails.keeping import TidyMails
from strata.events.runner import JobRunner
from strata.lib import logs
from strata.lib.http.malloc import tune_malloc
from strata.lib.http.server import Serving, serve as serve_http
from strata.lib.keys.host import load_or_create
from strata.lib.listening import bound
from strata.lib.periodic import Periodic
from strata.membership.failures import begin_telling as begin_telling_of_failures
from strata.membership.jobs import begin_tidying
from strata.repos.requests.digest import begin_telling
from strata.search.trending.scores import begin_trending
from strata.ssh.asking import Process
from strata.ssh.server import SshServer
from strata.web.gateway import Beside, Gateway
from strata.web.metrics import Metrics
from strata.web.pages.failures import error_page
from strata.web.paths import Routes
from strata.web.routes import ROUTES
from strata.web.work import Tallies

BACKLOG: Final = 100  # SSH connections that wait to be accepted
GATHERED_FOR = timedelta(milliseconds=300)  # an upload sends its commits faster than that


def build_app(
    hub: Hub,
    *,
    tallies: Tallies | None = None,
    metrics: Metrics | None = None,
    stop: Callable[[], None] = lambda: None,
    limiter: anyio.CapacityLimiter | None = None,
    beside: Beside | None = None,
) -> Gateway:
    """The ASGI application of a hub; it starts nothing by itself."""
    return Gateway(
        hub=hub,
        routes=_routes(),
        limiter=limiter or threads_of(hub),
        hashing=anyio.CapacityLimiter(hub.settings.accounts.password_hash_slots),
        tallies=tallies or Tallies.of(hub.settings),
        metrics=metrics or Metrics(),
        prefix=hub.settings.prefix,
        error_page=error_page,
        stop=stop,
        beside=beside,
    )


@functools.cache
def _routes() -> Routes:
    """The table is the same for every hub; compiling it is most of what an application costs."""
    return Routes(ROUTES)


def threads_of(hub: Hub) -> anyio.CapacityLimiter:
    """The threads that run room code; every door of a process takes from the same ones."""
    return anyio.CapacityLimiter(hub.settings.server.threads)


@dataclass(slots=True)
class Background:
    """What runs beside the requests of one serving process."""

    hub: Hub
    tallies: Tallies
    _running: list[JobRunner | Periodic] = field(default_factory=list)

    def start(self) -> None:
        with reading(self.hub) as call, working(call) as work:
            begin_tidying(work)
            begin_sealing(work)
            begin_trending(work)
            enqueue(work, TidyWebhooks())
            enqueue(work, TidyInbox())
            enqueue(work, TidyMails())
            begin_mailing(work)
            begin_telling(work)
            begin_telling_of_failures(work)
        self._running = [
            JobRunner(self.hub, JOBS, PROMPT),
            JobRunner(self.hub, JOBS, GATHERING, breath=GATHERED_FOR),
            JobRunner(self.hub, JOBS, WAITING, threads=self.hub.settings.webhooks.concurrent),
            JobRunner(self.hub, JOBS, MAILING, threads=self.hub.settings.mail.concurrent),
            Periodic("tallies", FLUSH_EVERY_S, self._flush),
        ]
        if self.hub.settings.rates.enabled and not is_alone(self.hub):
            exchange = RateExchange(self.hub, self.tallies.rates)
            self._running.append(Periodic("rates", EXCHANGE_EVERY_S, exchange.run))
        self._hear_of_plans()
        for thread in self._running:
            thread.start()

    def stop(self) -> None:
        """Finish the job at hand, write down the tallies, let go of the database."""
        for thread in self._running:
            thread.stop()
        self.hub.database.close()

    def _flush(self) -> None:
        self.tallies.uses.flush(self.hub)
        self.tallies.downloads.flush(self.hub)
        self._hear_of_plans()

    def _hear_of_plans(self) -> None:
        with reading(self.hub) as call:
            self.tallies.rates.allow(special_rates(call))


def serve(settings: Settings) -> int:
    """Serve until told to stop; returns the exit code."""
    logs.configure(log_format=settings.server.log_format, level=settings.server.log_level)
    # A broken database or folder fails here, before any worker starts.
    has_accounts = _has_accounts(settings)

    server = settings.server
    run = _Run(
        settings=settings,
        door=SshDoor.opened(settings) if settings.ssh.enabled else None,
        metrics_folder=_metrics_folder(settings) if server.workers > 1 else None,
        has_accounts=has_accounts,
        base_url=settings.public_url.rstrip("/"),
    )
    return serve_http(
        run.worker,
        Serving(host=server.host, port=server.port, workers=server.workers),
        listening=run.announce,
    )


@dataclass(slots=True)
class _Run:
    """What the worker processes of one run have in common; each is forked from it."""

    settings: Settings
    door: SshDoor | None
    metrics_folder: Path | None  # None: one worker counts in memory
    has_accounts: bool
    base_url: str  # empty until the socket is open, where the settings name none

    def announce(self, host: str, port: int) -> None:
        """Tell the operator where the hub is, before any worker starts."""
        self.base_url = self.base_url or _local_address(host, port)
        _announce(self.settings, self.base_url, self.door)
        if not self.has_accounts:
            sys.stderr.write(words_for_first(self.settings, self.base_url))
            sys.stderr.flush()

    def worker(self) -> ASGIApp:
        """The application of one worker, with what runs beside its requests."""
        tune_malloc()
        background = Background(load_hub(self.settings), Tallies.of(self.settings))
        background.start()
        hub, tallies, threads = background.hub, background.tallies, threads_of(background.hub)
        process = Process(
            hub, threads, tallies.uses, tallies.rates, tallies.downloads, self.base_url
        )
        return build_app(
            hub,
            tallies=tallies,
            metrics=Metrics(self.metrics_folder),
            stop=background.stop,
            limiter=threads,
            beside=self.door.server(process) if self.door else None,
        )


def _has_accounts(settings: Settings) -> bool:
    hub = load_hub(settings)
    try:
        with reading(hub) as call:
            return not people.is_empty(call)
    finally:
        hub.database.close()


def _metrics_folder(settings: Settings) -> Path:
    """An empty folder for the counters of this run's workers."""
    folder = settings.data / "metrics"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


@dataclass(frozen=True, slots=True)
class SshDoor:
    """What the SSH servers of all workers share: one socket, and the keys they are known by."""

    listener: socket.socket
    host_keys: list[SSHKey]

    @classmethod
    def opened(cls, settings: Settings) -> Self:
        """Open it before any worker starts, so that what is wrong fails here.

        Raises:
            BadSettings: the port is taken, or the host keys cannot be used.
        """
        host, folder = settings.ssh.host or settings.server.host, settings.ssh_keys_folder
        try:
            keys = load_or_create(folder)
        except (OSError, KeyImportError) as error:
            raise BadSettings(f"The SSH host keys in {folder} cannot be used: {error}") from error
        try:
            listener = bound(host, settings.ssh.port, BACKLOG)
        except OSError as error:
            raise BadSettings(
                f"SSH cannot listen on {host}, port {settings.ssh.port}: {error}. "
                "Choose another STRATA_SSH_PORT."
            ) from error
        return cls(listener, keys)

    @property
    def port(self) -> int:
        port: int = self.listener.getsockname()[1]
        return port

    def server(self, process: Process) -> SshServer:
        """The server of one worker."""
        return SshServer(process, self.listener, self.host_keys)


def _local_address(host: str, port: int) -> str:
    return f"http://{'localhost' if host == '127.0.0.1' else host}:{port}"


def _announce(settings: Settings, address: str, door: SshDoor | None) -> None:
    sys.stderr.write(f"{settings.site_name} is ready on {address}\n")
    if door is not None:
        host = settings.ssh.host or settings.server.host
        sys.stderr.write(f"Git over SSH is ready on {host}, port {door.port}\n")
    if not settings.mail.url:
        sys.stderr.write(
            "No mail server is set (STRATA_MAIL_URL): "
            "mails wait in the outbox, see `strata mail list`.\n"
        )
    sys.stderr.flush()
