"""The real server for one part: `strata serve` over an empty folder, and one person on it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.process import child_with
from clients.api import Api, speaking_as
from clients.hub import Hub, Person, running


@dataclass(frozen=True, slots=True)
class Bench:
    """A running server and the person who measures it."""

    hub: Hub
    person: Person
    api: Api  # as the person
    pid: int

    @property
    def port(self) -> int:
        return self.hub.port

    @property
    def token(self) -> str:
        return self.person.token_write


@contextmanager
def served(folder: Path, settings: Mapping[str, str] | None = None) -> Iterator[Bench]:
    """Run a server with one worker and create its person."""
    folder.mkdir(parents=True)
    quiet = {"STRATA_SERVER_LOG_FORMAT": "json"}
    with running(folder, quiet | dict(settings or {}), from_nothing=True) as hub:
        person = hub.user("bench")
        with speaking_as(hub.url, person) as api:
            yield Bench(hub, person, api, child_with(str(hub.data)))
