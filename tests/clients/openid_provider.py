"""A real OpenID Provider, `oidc-provider` in Node.js: somebody else's reading of the standards."""

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from clients.node import node_modules
from fixtures import parts

PACKAGES: Final = Path(__file__).resolve().parent / "openid"
SCRIPT: Final = PACKAGES / "provider.mjs"
CLAIMS: Final[Mapping[str, Sequence[str]]] = {  # scope → what it opens
    "email": ("email", "email_verified", "hd"),
    "profile": ("name", "preferred_username"),
    "groups": ("groups",),
}
SECRET: Final = "a-secret-that-is-long-enough: 100% + & more"


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who has an account there."""

    claims: Mapping[str, object]
    amr: Sequence[str] = ("pwd",)


@dataclass(frozen=True, slots=True)
class Service:
    """What the provider does, and for whom."""

    hub: str  # address of the one client
    id: str  # of the provider at that hub
    accounts: Mapping[str, Account]
    algorithm: str = "RS256"
    in_token: bool = False  # tells everything in the ID token, as Google does; no session's name
    client: Mapping[str, object] = field(default_factory=dict)  # more of its registration

    def as_json(self) -> str:
        client = {
            "client_id": self.id,
            "client_secret": SECRET,
            "redirect_uris": [f"{self.hub}/login/callback/{self.id}"],
            "post_logout_redirect_uris": [f"{self.hub}/logout/callback/{self.id}"],
            "id_token_signed_response_alg": self.algorithm,
            "backchannel_logout_uri": f"{self.hub}/logout/backchannel/{self.id}",
            "backchannel_logout_session_required": not self.in_token,
            **self.client,
        }
        accounts = {
            name: {"claims": one.claims, "amr": one.amr} for name, one in self.accounts.items()
        }
        said: dict[str, Any] = {"clients": [client], "accounts": accounts, "claims": CLAIMS}
        return json.dumps(said | {"inToken": self.in_token})


class OpenIdProvider:
    """One process; it answers 503 until it knows whom to serve."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.url = f"http://localhost:{port}"
        self._process = process

    def serve(self, service: Service) -> None:
        """Begin; once only."""
        pipe = self._process.stdin
        assert pipe is not None
        pipe.write(service.as_json() + "\n")
        pipe.flush()
        assert _line(self._process) == "ready"

    def stop(self) -> None:
        """Go away, as a provider that is down."""
        self._process.kill()
        self._process.wait()


@contextmanager
def openid_provider() -> Iterator[OpenIdProvider]:
    """Start a provider on a free port of localhost."""
    with TemporaryDirectory() as home, _running(Path(home)) as provider:
        yield provider


def _beside_its_packages(script: Path, home: Path) -> Path:
    """The script as it is today: the folder of the packages is as old as their pins."""
    (home / "node_modules").symlink_to(node_modules(PACKAGES))
    return Path(shutil.copy(script, home))


@contextmanager
def _running(home: Path) -> Iterator[OpenIdProvider]:
    process = subprocess.Popen(
        [str(parts.program("node")), str(_beside_its_packages(SCRIPT, home))],
        env={"PATH": parts.search_path()},
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    provider = OpenIdProvider(process, int(_line(process)))
    try:
        yield provider
    finally:
        provider.stop()
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            pipe.close()


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()
