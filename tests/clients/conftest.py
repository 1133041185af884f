"""What every story stands on: a running hub, its people, and the machines of its clients."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Final, Literal, Protocol

import pytest
from playwright.sync_api import Browser

from clients import hub as hubs
from clients.api import Api, speaking, speaking_as
from clients.client import Client
from clients.environments import environment, of_release
from clients.hub import Hub, Person
from clients.judged import JUDGED
from clients.mailbox import Mailbox, open_mailbox
from clients.pages import Browsing, Language, OpenBrowser, new_context
from clients.proxy import CountingProxy, counting
from fixtures.browsers import chromium
from fixtures.postgres import PostgresCluster

Database = Literal["sqlite", "postgresql"]
DATABASES: Final[tuple[Database, ...]] = ("sqlite", "postgresql")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database",
        choices=DATABASES,
        default="sqlite",
        help="the database of the stories that do not choose one themselves",
    )


class SettingsFor(Protocol):
    """Gives the settings that select a new database, empty or with all tables."""

    def __call__(self, database: Database, *, from_nothing: bool = False) -> dict[str, str]: ...


class StartHub(Protocol):
    """Starts one more hub of its own for a story."""

    def __call__(
        self, settings: Mapping[str, str] | None = None, database: Database | None = None
    ) -> Hub: ...


class MakeClient(Protocol):
    """Sets up a client on a fresh machine (an empty `HF_HOME`)."""

    def __call__(
        self,
        release: str,
        *,
        person: Person | None = None,
        token: str | None = None,
        endpoint: str | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> Client: ...


@pytest.fixture(scope="session")
def settings_for(
    postgres_when_asked: Callable[[], PostgresCluster],
) -> SettingsFor:
    """Return the settings that select a database; PostgreSQL's cluster starts when first asked."""

    def settings(database: Database, *, from_nothing: bool = False) -> dict[str, str]:
        if database == "sqlite":
            return {}
        cluster = postgres_when_asked()
        made = cluster.create_database() if from_nothing else cluster.create_migrated_database()
        return {"STRATA_DATABASE_URL": made}

    return settings


@pytest.fixture(scope="session")
def of_all_workers(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Give the folder that the workers of this run share."""
    folder = tmp_path_factory.getbasetemp()
    return folder if worker_id == "master" else folder.parent


@pytest.fixture(scope="session")
def shared_hubs(
    tmp_path_factory: pytest.TempPathFactory,
    of_all_workers: Path,
    settings_for: SettingsFor,
) -> Iterator[Callable[[Database], Hub]]:
    """Keep one hub per database for this worker, each started when first asked for.

    The first of a run on each database starts as an operator's does: the program is loaded, finds
    an empty database and hashes passwords at the default cost. Those of the other workers would
    show the same once more, in six times the time.
    """
    running: dict[Database, Hub] = {}
    with ExitStack() as open_hubs:

        def shared(database: Database) -> Hub:
            if database not in running:
                first = _touched(of_all_workers / f"hub-{database}-from-nothing")
                settings = settings_for(database, from_nothing=first)
                folder = tmp_path_factory.mktemp(f"hub-{database}")
                running[database] = open_hubs.enter_context(
                    hubs.running(folder, settings, from_nothing=first)
                )
            return running[database]

        yield shared


def _touched(file: Path) -> bool:
    """Make an empty file; whether it was not there yet."""
    try:
        file.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


@pytest.fixture
def hub(request: pytest.FixtureRequest, shared_hubs: Callable[[Database], Hub]) -> Iterator[Hub]:
    """Give a story the worker's hub: of `--database`, or of its indirect parameter."""
    database: Database = getattr(
        request, "param", request.config.getoption("--database", DATABASES[0])
    )
    shared = shared_hubs(database)
    shared.require_alive()
    yield shared
    shared.require_alive()


@pytest.fixture
def start_hub(
    tmp_path: Path,
    request: pytest.FixtureRequest,
    settings_for: SettingsFor,
) -> Iterator[StartHub]:
    """Start hubs with settings of their own; each is stopped and its log read at the end."""
    numbers = count()
    with ExitStack() as open_hubs:

        def start(
            settings: Mapping[str, str] | None = None, database: Database | None = None
        ) -> Hub:
            chosen: Database = database or request.config.getoption("--database", DATABASES[0])
            folder = tmp_path / f"own-hub-{next(numbers)}"
            asked = settings_for(chosen) | dict(settings or {})
            return open_hubs.enter_context(hubs.running(folder, asked))

        yield start


@pytest.fixture
def client(tmp_path: Path, request: pytest.FixtureRequest) -> MakeClient:
    """Set up clients: `client("2.4.0", person=someone)`; a name such as "datasets" works too."""
    numbers = count()

    def make(
        release: str,
        *,
        person: Person | None = None,
        token: str | None = None,
        endpoint: str | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> Client:
        home = tmp_path / f"machine-{next(numbers)}"
        home.mkdir()
        if endpoint is None:
            hub: Hub = request.getfixturevalue("hub")
            endpoint = hub.url
        return Client(
            environment=environment(of_release(release) if release[0].isdigit() else release),
            home=home,
            endpoint=endpoint,
            token=person.token_write if person is not None else token,
            variables=dict(variables or {}),
        )

    return make


@pytest.fixture
def api(hub: Hub) -> Iterator[Callable[[Person | None], Api]]:
    """Speak to the hub by hand: `api(person)` with a write token, `api(None)` anonymously."""
    with ExitStack() as open_pools:

        def as_person(person: Person | None) -> Api:
            pool: AbstractContextManager[Api] = (
                speaking(hub.url) if person is None else speaking_as(hub.url, person)
            )
            return open_pools.enter_context(pool)

        yield as_person


@pytest.fixture
def proxy(hub: Hub) -> Iterator[CountingProxy]:
    """Count the bytes between a client and the hub."""
    with counting(hub.port) as one:
        yield one


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """Catch the mail of a hub started with `mailbox.settings`."""
    with open_mailbox() as one:
        yield one


@pytest.fixture(params=["private", "public"])
def any_visibility(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def repo_name(request: pytest.FixtureRequest) -> str:
    """Return a short repository name that no other test of this run uses."""
    words = re.findall(r"[a-z0-9]+", request.node.originalname)
    return f"{'-'.join(words[1:4])}-{sha256(request.node.nodeid.encode()).hexdigest()[:10]}"


@pytest.fixture(scope="session", autouse=True)
def judged(of_all_workers: Path) -> None:
    """Have the workers of this run know what axe has judged."""
    JUDGED.folder = of_all_workers / "judged"
    JUDGED.folder.mkdir(exist_ok=True)


@pytest.fixture
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def open_browser(browser: Browser) -> Iterator[OpenBrowser]:
    """Open a browser context of its own: other cookies, other history, one language."""
    with ExitStack() as contexts:

        def opened(hub: Hub, language: Language, *, phone: bool = False) -> Browsing:
            context = new_context(browser, language, phone=phone)
            contexts.callback(context.close)
            return Browsing(context.new_page(), hub.url, language)

        yield opened
