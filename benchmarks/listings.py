"""Lists of 20 out of 200,000 repos, with filters and in every order, on both databases."""

import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from itertools import islice, product
from pathlib import Path
from statistics import median, quantiles

from benchmarks.hub import Bench, served
from benchmarks.many_repos import REPOS, fill
from benchmarks.outcome import Outcome
from benchmarks.process import spending
from clients.api import Api
from fixtures.postgres import running_cluster
from strata.lib import clock
from strata.lib.db.database import Database

ROUNDS = 5
TARGET_MS = 15.0
DEEP = 100_000  # rows before the page that is as cheap as the first
ORDERS = ("trendingScore", "createdAt", "lastModified", "downloads", "likes", "num_parameters")
FILTERS = (
    "",
    "filter=transformers",
    "filter=zh&filter=license:mit",
    "filter=word-40",
    "filter=gguf&pipeline_tag=text-generation",
    "filter=word-3&filter=dataset:data-7",
    "search=llama",
    "search=clip-70b",
    "search=llama&search=instruct&filter=pytorch",
    "author=person-3",
    "author=person-40",
    "author=person-0&filter=gguf",
    "num_parameters=min:6B,max:128B",
    "num_parameters=min:6B,max:7B&language=zh",
    "library=diffusers&license=other&language=ja",
)


def measured(folder: Path) -> Iterator[Outcome]:
    """Ask every filter in every order, then go deep."""
    with served(folder / "sqlite") as bench:
        yield from _asked(bench, f"sqlite:///{bench.hub.data / 'strata.db'}", "SQLite")
    with running_cluster() as cluster:
        url = cluster.create_database()
        with served(folder / "postgresql", {"STRATA_DATABASE_URL": url}) as bench:
            yield from _asked(bench, url, "PostgreSQL")


def _asked(bench: Bench, url: str, name: str) -> Iterator[Outcome]:
    with closing(Database(url)) as database:
        fill(database, clock.now())
    addresses = [
        f"/api/models?limit=20&sort={order}&{asked}" for order, asked in product(ORDERS, FILTERS)
    ]
    with spending(bench.pid) as spent:
        found = _times(bench.api, addresses)
    every = sorted(found.values())
    cpu_ms = spent.seconds * 1000 / (len(addresses) * (ROUNDS + 1))
    worst = max(found, key=lambda address: found[address])
    yield Outcome(
        f"list_models of 20 among {REPOS:,}, p95 of {len(addresses)} questions, {name}",
        quantiles(every, n=20)[-1],
        TARGET_MS,
        "ms",
        note=f"p50 {median(every):.1f} ms, worst {every[-1]:.1f} ms ({worst.partition('&')[2]}),"
        f" {cpu_ms:.1f} ms of CPU each in the server",
    )
    first, deep = _depths(bench.api)
    yield Outcome(
        f"the page at row {DEEP:,} of the first page's time, {name}",
        deep / first,
        1.5,
        "x",
        note=f"{first:.1f} and {deep:.1f} ms, medians over {len(ORDERS)} orders",
    )


def _times(api: Api, addresses: list[str]) -> Mapping[str, float]:
    """Milliseconds of each question: the median of several rounds, after one to warm up."""
    taken: dict[str, list[float]] = {address: [] for address in addresses}
    for number in range(ROUNDS + 1):
        for address in addresses:
            began = time.perf_counter()
            api.json(address)
            if number:
                taken[address].append((time.perf_counter() - began) * 1000)
    return {address: median(each) for address, each in taken.items()}


def _depths(api: Api) -> tuple[float, float]:
    """Milliseconds of the first page and of one deep in the list."""
    first, deep = [], []
    for order in ORDERS[:-1]:
        address = f"/api/models?sort={order}&filter=region:us"
        far = next(islice(_links(api, f"{address}&limit=1000"), DEEP // 1000 - 1, None))
        here = f"{address}&limit=20"
        there = far.replace("limit=1000", "limit=20")
        found = _times(api, [here, there])
        first.append(found[here])
        deep.append(found[there])
    return median(first), median(deep)


def _links(api: Api, address: str) -> Iterator[str]:
    """The addresses of the following pages."""
    while True:
        answer = api.web.get(address)
        address = answer.links["next"]["url"]
        yield address
