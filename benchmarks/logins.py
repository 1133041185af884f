"""Fifty people who log in at once: what it holds in memory, and who else still gets answers."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles
from typing import Final

import httpx

from benchmarks.hub import Bench, served
from benchmarks.outcome import Outcome
from benchmarks.process import forget_peak, peak_memory
from clients.api import shown
from clients.hub import Person

PEOPLE: Final = 50
WAVES: Final = 3  # one after the other, so that the others are asked for long enough
PATIENCE_S: Final = 120.0
TARGET_MB: Final = 350
ANSWER_MS: Final = 250  # the page budget of a hub that is not busy, several times over
SETTINGS: Final = {
    "STRATA_ACCOUNTS_LEGACY_PASSWORD_LOGIN": "1",  # the log-in of the page, without its form
    "STRATA_ACCOUNTS_PASSWORD_HASH_MIB": "46",  # the default; tests hash for less
    "STRATA_SERVER_TRUSTED_PROXIES": "127.0.0.1",  # each person comes from a place of their own
}


@dataclass(slots=True)
class Waits:
    """How long others waited for their answers meanwhile, in seconds."""

    times: list[float] = field(default_factory=list)

    @property
    def p95_ms(self) -> float:
        return quantiles(self.times, n=20)[-1] * 1000


def measured(folder: Path) -> Iterator[Outcome]:
    """Log in with the right password from fifty places at once; ask for whoami meanwhile."""
    with served(folder / "hub", SETTINGS) as bench:
        people = [bench.hub.user(f"wave-{number}") for number in range(WAVES)]
        with _others(bench) as idle:
            time.sleep(1.0)
        forget_peak(bench.pid)
        began = time.perf_counter()
        with _others(bench) as waits:
            for number, person in enumerate(people):
                _wave(bench, person, f"203.0.{number}")
        spent = time.perf_counter() - began
        peak = peak_memory(bench.pid) / 1e6
    note = f"{WAVES} waves, {spent * 1000 / (WAVES * PEOPLE):.0f} ms a log-in"
    yield Outcome(f"peak memory, {PEOPLE} log-ins at once", peak, TARGET_MB, "MB", note=note)
    note = f"{len(waits.times)} answers, worst {max(waits.times) * 1000:.0f} ms;"
    note += f" p95 before the log-ins {idle.p95_ms:.1f} ms"
    yield Outcome("whoami meanwhile, p95", waits.p95_ms, ANSWER_MS, "ms", note=note)


def _wave(bench: Bench, person: Person, network: str) -> None:
    answers: list[httpx.Response] = []
    start = threading.Barrier(PEOPLE)

    def enter(number: int) -> None:
        body = {"username": person.name, "password": person.password}
        place = {"X-Forwarded-For": f"{network}.{number + 1}"}
        with httpx.Client(base_url=bench.hub.url, trust_env=False, timeout=PATIENCE_S) as web:
            start.wait()
            answers.append(web.post("/api/login", json=body, headers=place))

    entering = [threading.Thread(target=enter, args=(number,)) for number in range(PEOPLE)]
    for one in entering:
        one.start()
    for one in entering:
        one.join()
    refused = [shown(answer) for answer in answers if answer.status_code != httpx.codes.OK]
    assert len(answers) == PEOPLE, f"{PEOPLE - len(answers)} got no answer"
    assert not refused, refused[0]


@contextmanager
def _others(bench: Bench) -> Iterator[Waits]:
    """Somebody with a token asks again and again while the block runs."""
    waits, done = Waits(), threading.Event()

    def ask() -> None:
        while not done.is_set():
            began = time.perf_counter()
            answer = bench.api.web.get("/api/whoami-v2", timeout=PATIENCE_S)
            waits.times.append(time.perf_counter() - began)
            assert answer.status_code == httpx.codes.OK, shown(answer)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        yield waits
    finally:
        done.set()
        asking.join()
