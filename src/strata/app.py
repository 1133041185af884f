"""The composition root: the only module that names every implementation.

Nothing connects on import; two hubs can live in one process.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import anyio
from starlette.types import ASGIApp

from strata.accounts.jobs import TidyAccounts, begin_tidying
from strata.accounts.uses import FLUSH_EVERY_S, Uses
from strata.content.downloads import DownloadCounts
from strata.core import instance
from strata.core.call import reading, working
from strata.core.hub import Hub
from strata.core.secrets import load_or_create
from strata.core.settings import ObjectsSettings, Settings
from strata.events.jobs import Job
from strata.events.outbox import SendMail
from strata.events.runner import JobRunner
from strata.lib import clock, logs
from strata.lib.db.database import Database
from strata.lib.http.malloc import tune_malloc
from strata.lib.http.server import Serving, serve as serve_http
from strata.lib.objects.local import LocalStore
from strata.lib.objects.s3 import S3Place, S3Store
from strata.lib.objects.store import ObjectStore
from strata.lib.periodic import Periodic
from strata.migrations.upgrade import upgrade
from strata.search.index import IndexRepo
from strata.web.gateway import Gateway
from strata.web.metrics import Metrics
from strata.web.pages.failures import error_page
from strata.web.paths import Routes
from strata.web.routes import ROUTES
from strata.web.work import Tallies

JOBS: Mapping[str, type[Job]] = {job.kind: job for job in (SendMail, IndexRepo, TidyAccounts)}

# What reacts to which fact. Reactions read the state they find, so one job covers several facts.
REACTIONS: Mapping[str, tuple[str, ...]] = {
    "repo.content": (IndexRepo.kind,),
    "repo.update_settings": (IndexRepo.kind,),
    "repo.delete": (IndexRepo.kind,),
}


def load_hub(settings: Settings, *, now: Callable[[], datetime] = clock.now) -> Hub:
    """Open what the settings name and bring the schema up to date."""
    settings.data.mkdir(mode=0o750, parents=True, exist_ok=True)
    database = Database(settings.database_url, pool_size=settings.server.threads)
    upgrade(database)
    return Hub(
        settings=settings,
        database=database,
        objects=_objects(settings, now),
        secrets=load_or_create(settings.secret_key, settings.data),
        clock=now,
        instance=instance.key_of(database),
        reactions=REACTIONS,
    )


def build_app(
    hub: Hub,
    *,
    tallies: Tallies | None = None,
    metrics: Metrics | None = None,
    stop: Callable[[], None] = lambda: None,
) -> Gateway:
    """The ASGI application of a hub; it starts nothing by itself."""
    return Gateway(
        hub=hub,
        routes=Routes(ROUTES),
        limiter=anyio.CapacityLimiter(hub.settings.server.threads),
        tallies=tallies or Tallies(Uses(), DownloadCounts()),
        metrics=metrics or Metrics(),
        prefix=hub.settings.prefix,
        error_page=error_page,
        stop=stop,
    )


@dataclass(slots=True)
class Background:
    """What runs beside the requests of one serving process."""

    hub: Hub
    tallies: Tallies = field(default_factory=lambda: Tallies(Uses(), DownloadCounts()))
    _running: list[JobRunner | Periodic] = field(default_factory=list)

    def start(self) -> None:
        with reading(self.hub) as call, working(call) as work:
            begin_tidying(work)
        self._running = [
            JobRunner(self.hub, JOBS),
            Periodic("tallies", FLUSH_EVERY_S, self._flush),
        ]
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


def serve(settings: Settings) -> int:
    """Serve until told to stop; returns the exit code."""
    logs.configure(log_format=settings.server.log_format, level=settings.server.log_level)
    # A broken database or folder fails here, before any worker starts.
    load_hub(settings).database.close()

    server = settings.server
    shared = _metrics_folder(settings) if server.workers > 1 else None

    def build() -> ASGIApp:
        tune_malloc()
        background = Background(load_hub(settings))
        background.start()
        return build_app(
            background.hub,
            tallies=background.tallies,
            metrics=Metrics(shared),
            stop=background.stop,
        )

    return serve_http(
        build,
        Serving(host=server.host, port=server.port, workers=server.workers),
        listening=lambda host, port: _announce(settings, host, port),
    )


def _metrics_folder(settings: Settings) -> Path:
    """An empty folder for the counters of this run's workers."""
    folder = settings.data / "metrics"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _objects(settings: Settings, now: Callable[[], datetime]) -> ObjectStore:
    if not settings.objects.url:
        return LocalStore(settings.data)
    staging = settings.data / "staging"
    staging.mkdir(parents=True, exist_ok=True)
    return S3Store(_place(settings.objects), staging, now)


def _place(objects: ObjectsSettings) -> S3Place:
    address = urlsplit(objects.url)
    return S3Place(
        bucket=address.netloc,
        prefix=address.path.strip("/"),
        endpoint=objects.endpoint or f"https://s3.{objects.region}.amazonaws.com",
        region=objects.region,
        access_key=objects.access_key,
        secret_key=objects.secret_key,
    )


def _announce(settings: Settings, host: str, port: int) -> None:
    address = settings.public_url or f"http://{'localhost' if host == '127.0.0.1' else host}:{port}"
    sys.stderr.write(f"{settings.site_name} is ready on {address}\n")
    if not settings.mail.url:
        sys.stderr.write(
            "No mail server is set (STRATA_MAIL_URL): "
            "mails wait in the outbox, see `strata mail list`.\n"
        )
    sys.stderr.flush()
