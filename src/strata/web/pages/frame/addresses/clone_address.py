"""Where clients reach a repo, and git over SSH."""

from __future__ import annotations

from dataclasses import dataclass

from strata.core.call import Call
from strata.core.settings.tree import Settings
from strata.lib.keys.host import STANDARD_PORT
from strata.repos.record import Repo


@dataclass(frozen=True, slots=True)
class Place:
    """The SSH server as people reach it."""

    host: str
    port: int

    @property
    def greeting_command(self) -> str:
        """What asks the server who one is there."""
        port = "" if self.port == STANDARD_PORT else f" -p {self.port}"
        return f"ssh -T{port} git@{self.host}"

    def address(self, path: str) -> str:
        """The address of `ns/name`, `datasets/ns/name` and so on."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        if self.port == STANDARD_PORT:
            return f"git@{host}:{path}"
        return f"ssh://git@{host}:{self.port}/{path}"


def ssh_place(settings: Settings) -> Place | None:
    """The SSH server; None when there is none."""
    if not settings.ssh.enabled:
        return None
    return Place(settings.ssh_host, settings.ssh.public_port or settings.ssh.port)


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a repo is reached."""

    base_url: str
    ssh: str = ""  # for git; empty: nothing is served so


def addresses_of(call: Call, repo: Repo) -> Addresses:
    """Where this caller reaches a repo."""
    place = ssh_place(call.hub.settings)
    over_ssh = place.address(repo.web_path.removeprefix("/")) if place else ""
    return Addresses(call.origin.base_url, over_ssh)
