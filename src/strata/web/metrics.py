"""Counters for Prometheus: routes, never paths, so that no private repo's name appears.

With several workers each process keeps its numbers in a file of a shared folder, and whoever is
asked adds them up.
"""

from __future__ import annotations

import os
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, values
from prometheus_client.multiprocess import MultiProcessCollector


class Metrics:
    """The counters of one serving process.

    Args:
        shared: folder that all workers of a hub write to; None when this process is the only one.
    """

    def __init__(self, shared: Path | None = None) -> None:
        if shared is not None:
            # The library has no other way to be told; it must be before the first counter is made.
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(shared)  # noqa: TID251
            values.ValueClass = values.MultiProcessValue()  # type: ignore[no-untyped-call]  # the library's
        self._shared = shared
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "strata_http_requests_total",
            "Requests answered.",
            ["method", "route", "status"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "strata_http_request_seconds",
            "Time to the end of the answer.",
            ["route"],
            registry=self._registry,
        )

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def exposition(self) -> bytes:
        """The text that a Prometheus server scrapes."""
        if self._shared is None:
            return generate_latest(self._registry)
        everyone = CollectorRegistry()
        MultiProcessCollector(everyone, path=str(self._shared))  # type: ignore[no-untyped-call]  # the library's
        return generate_latest(everyone)
