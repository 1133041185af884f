"""The real server, run as an operator runs it: a process, a data folder, a few settings."""

import base64
import functools
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import httpx

from clients.environments import REPOSITORY
from fixtures import parts, prepared
from fixtures.plain_http import NO_AUTHORITIES
from fixtures.prepared import Forked
from strata.lib.db.database import Database
from strata.migrations.upgrade import upgrade

STARTED_WITHIN: Final = 60.0  # seconds
STOPPED_WITHIN: Final = 20.0  # seconds
LOG_TAIL: Final = 8_000  # characters shown when something failed
PASSWORD: Final = "Corr3ct-Horse!{name}"  # one capital, one small letter, one symbol
COMMANDS: Final = """
import json, sys
from strata.cli.main import cli
for arguments in json.loads(sys.argv[1]):
    cli(arguments, standalone_mode=False)
"""
"""Runs several `strata` commands in one process: most of a command's second is its start."""
UNHURRIED: Final = {
    f"STRATA_RATES_{kind}": "1000000"
    for kind in (
        "API", "RESOLVERS", "PAGES", "GIT", "TRANSFERS",
        "ANONYMOUS_API", "ANONYMOUS_RESOLVERS", "ANONYMOUS_PAGES", "ANONYMOUS_GIT",
        "TOKEN_FAILURES",
    )
}  # fmt: skip
"""Tests ask more often than people do; those about the limits set their own."""
LEAST_HASH: Final = {"STRATA_ACCOUNTS_PASSWORD_HASH_MIB": "19"}
"""The least that an operator may choose; the default takes longer: hubs from nothing have it."""
_AUTHORIZATION: Final = re.compile(r"\b(Bearer|Basic) +[A-Za-z0-9_=+/-]{16,}")


@dataclass(frozen=True, slots=True)
class Person:
    """A user of the hub, made through the command line, e-mail confirmed."""

    name: str
    email: str
    password: str
    token_read: str
    token_write: str


@dataclass(frozen=True, slots=True)
class Organization:
    """An organization of the hub, made through the command line."""

    name: str
    members: Mapping[str, Person]  # by role


class HubDiedError(AssertionError):
    """The server ended when it should not have; the message holds the end of its log."""


class Hub:
    """One server process over one data folder; can be killed and started again."""

    def __init__(
        self, folder: Path, settings: Mapping[str, str], *, from_nothing: bool = False
    ) -> None:
        """Make the data folder.

        Args:
            settings: The environment of the server and of the commands beside it.
            from_nothing: Load the program and make its tables; else both are prepared.
        """
        self.data = folder / "data"
        self.log = folder / "server.log"
        self.port = free_port()
        self._settings = dict(settings)
        self._home = folder / "home"
        self._people: dict[str, Person] = {}
        self._organizations: dict[str, Organization] = {}
        self._process: subprocess.Popen[bytes] | Forked | None = None
        self._from_nothing = from_nothing
        self.data.mkdir(parents=True)
        self._home.mkdir()
        if not from_nothing and "STRATA_DATABASE_URL" not in settings:
            (self.data / "strata.db").write_bytes(migrated_sqlite())

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def start(self, settings: Mapping[str, str] | None = None) -> None:
        """Start the server and wait until `/readyz` answers 200.

        Args:
            settings: Environment of this run only, over those of the hub.
        """
        serve = ("-m", "strata", "serve", "--host", "127.0.0.1", "--port", str(self.port),
                 "--data", str(self.data))  # fmt: skip
        environment = self._environment() | dict(settings or {})
        with self.log.open("ab") as log, Path(os.devnull).open("rb") as nothing:
            if self._from_nothing:
                self._process = subprocess.Popen(
                    [sys.executable, *serve], env=environment, cwd=self._home,
                    stdin=nothing, stdout=log, stderr=log,
                )  # fmt: skip
            else:
                streams = (nothing.fileno(), log.fileno(), log.fileno())
                self._process = prepared.start(
                    serve, env=environment, cwd=self._home, streams=streams
                )
        self._wait_until_ready()

    def stop(self) -> None:
        """End the server as a service manager does, and check that it went in order.

        Raises:
            HubDiedError: It had died before, did not stop in time or stopped with an error.
        """
        self.require_alive()
        process = self._running()
        process.terminate()
        try:
            ended = process.wait(STOPPED_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise self._died(f"did not stop within {STOPPED_WITHIN} s of SIGTERM") from None
        self._process = None
        if ended not in {0, -signal.SIGTERM}:
            raise self._died(f"stopped with status {ended}")

    def kill(self) -> None:
        """End the server with no warning, as a power cut does; harmless when it is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def wait_for_crash(self, seconds: float = 60.0) -> int:
        """Wait until the server ended by itself; return its exit status."""
        status = self._running().wait(seconds)
        self._process = None
        return status

    def require_alive(self) -> None:
        """Raise `HubDiedError` when the server is not running."""
        if self._process is None or self._process.poll() is not None:
            raise self._died("is not running")

    def require_clean_log(self) -> None:
        """Check that the log shows no failure and no secret of anyone in this hub.

        Raises:
            AssertionError: There is a traceback, a token, a password or an Authorization value.
        """
        text = self.log.read_text(errors="replace")
        assert "Traceback" not in text, text[-LOG_TAIL:]
        leaked = [name for name, secret in self._secrets() if secret in text]
        assert not leaked, f"the server's log shows {leaked}"
        shown = _AUTHORIZATION.search(text)
        assert shown is None, f"the server's log shows an Authorization value: {shown}"

    def tail(self) -> str:
        """Return the end of the server's log."""
        return self.log.read_text(errors="replace")[-LOG_TAIL:]

    def cli(self, *arguments: str) -> str:
        """Run `strata <arguments>` beside the server; return what it printed.

        Raises:
            AssertionError: It failed; the message holds its output.
        """
        return self._printed("-m", "strata", *arguments)

    def user(self, name: str) -> Person:
        """Return the user `name` with a read and a write token, made when not there yet."""
        if name not in self._people:
            email, password = f"{name}@example.org", PASSWORD.format(name=name[:1])
            _, read, write = self.commands(
                ("user", "create", name, "--email", email, "--password", password),
                ("token", "create", "--user", name, "--name", "read", "--role", "read"),
                ("token", "create", "--user", name, "--name", "write", "--role", "write"),
            )
            self._people[name] = Person(name, email, password, read, write)
        return self._people[name]

    def organization(self, name: str, *roles: str) -> "Organization":
        """Return the organization `name`, made when not there yet.

        It has an admin and one member of each role, whose names begin with its own.
        """
        if name not in self._organizations:
            members = {role: self.user(f"{name}-{role.replace('_', '-')}") for role in roles}
            admin = self.user(f"{name}-admin")
            self.commands(
                ("org", "create", name, "--admin", admin.name),
                *(
                    ("org", "member", "add", name, person.name, "--role", role)
                    for role, person in members.items()
                ),
            )
            self._organizations[name] = Organization(name, {**members, "admin": admin})
        return self._organizations[name]

    def keep_secret(self, name: str, secret: str) -> Person:
        """Have the log searched for a secret that a story obtained by itself."""
        person = Person(name, "", secret, secret, secret)
        self._people[f"{name} (by hand)"] = person
        return person

    def _secrets(self) -> Iterator[tuple[str, str]]:
        for person in self._people.values():
            for kind, secret in (
                ("password", person.password),
                ("read token", person.token_read),
                ("write token", person.token_write),
            ):
                yield f"{kind} of {person.name}", secret
                basic = base64.b64encode(f"{person.name}:{secret}".encode()).decode()
                yield f"basic credentials of {person.name}", basic

    def commands(self, *commands: Sequence[str]) -> list[str]:
        """Run commands that print one line each."""
        return self._printed("-c", COMMANDS, json.dumps(commands)).splitlines()

    def strata(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run `strata <arguments>` with more settings, whatever comes of it."""
        return self._ran("-m", "strata", *arguments, **variables)

    def _printed(self, *arguments: str) -> str:
        finished = self._ran(*arguments)
        assert finished.returncode == 0, (
            f"strata {arguments[2:4]} failed:\n{finished.stdout}{finished.stderr}"
        )
        return finished.stdout.strip()

    def _ran(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return prepared.run(arguments, env=self._environment() | variables, cwd=self._home)

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": parts.search_path(),
            "HOME": str(self._home),
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(REPOSITORY / "src"),
            "STRATA_DATA": str(self.data),
            **UNHURRIED,
            **({} if self._from_nothing else LEAST_HASH),
            **self._settings,
        }

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + STARTED_WITHIN
        with httpx.Client(verify=NO_AUTHORITIES, trust_env=False, timeout=5) as web:
            while time.monotonic() < deadline:
                self.require_alive()
                try:
                    answer = web.get(f"http://127.0.0.1:{self.port}/readyz")
                except httpx.TransportError:
                    time.sleep(0.05)
                    continue
                if answer.status_code == 200:
                    return
                time.sleep(0.1)
        self.kill()
        raise self._died(f"was not ready within {STARTED_WITHIN} s")

    def _running(self) -> subprocess.Popen[bytes] | Forked:
        assert self._process is not None, "the hub was not started"
        return self._process

    def _died(self, what: str) -> HubDiedError:
        return HubDiedError(f"the server {what}; the end of its log:\n{self.tail()}")


@contextmanager
def running(
    folder: Path, settings: Mapping[str, str], *, from_nothing: bool = False
) -> Iterator[Hub]:
    """Start a hub in an empty folder; stop it and read its log at the end."""
    hub = Hub(folder, settings, from_nothing=from_nothing)
    try:
        hub.start()
        yield hub
        hub.stop()
    finally:
        hub.kill()
    hub.require_clean_log()


@functools.cache
def migrated_sqlite() -> bytes:
    """Run all migrations once for this worker; they are a third of a start."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "strata.db"
        database = Database(f"sqlite:///{file}", pool_size=2)
        upgrade(database)
        database.close()
        return file.read_bytes()


def free_port() -> int:
    """Return a port of 127.0.0.1 that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
