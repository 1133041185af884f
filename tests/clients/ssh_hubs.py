"""A hub that serves git over SSH, and what git needs to reach it."""

import dataclasses
from datetime import timedelta
from pathlib import Path

from clients.conftest import StartHub
from clients.hub import Hub, free_port
from fixtures.keys import SshPair, ran
from strata.accounts import people
from strata.app.hub import load_hub
from strata.core.actor import Actor
from strata.core.call import reading, working
from strata.core.settings.loading import load
from strata.credentials.keys import ssh


def ssh_hub(start_hub: StartHub) -> tuple[Hub, int]:
    port = free_port()
    settings = {
        "STRATA_SSH_ENABLED": "1",
        "STRATA_SSH_PORT": str(port),
        "STRATA_SERVER_WORKERS": "2",
    }
    return start_hub(settings, database="sqlite"), port


def with_key(hub: Hub, name: str, pair: SshPair) -> None:
    """Add a key as its owner does at the browser; the page has tests of its own."""
    hub.user(name)
    beside = load_hub(load(environment={"STRATA_DATA": str(hub.data)}).settings)
    with reading(beside) as call, working(call) as work:
        person = people.by_name(work, name)
        assert person is not None
        proved = work.now + timedelta(minutes=1)
        session = Actor(user_id=person.id, name=name, session_id=0, proved_until=proved)
        ssh.add(dataclasses.replace(work, actor=session), "", pair.public)
    beside.database.close()


def options(pair: SshPair, known: Path, port: int) -> list[str]:
    return [
        "-F", "none", "-p", str(port), "-i", str(pair.private), "-o", "IdentitiesOnly=yes",
        "-o", f"UserKnownHostsFile={known}", "-o", "StrictHostKeyChecking=yes",
        "-o", "IdentityAgent=none",
    ]  # fmt: skip


def trust(known: Path, port: int) -> str:
    """Note the keys that the server shows."""
    known.write_text(ran("ssh-keyscan", "-p", str(port), "127.0.0.1"))
    return "".join(sorted(known.read_text().splitlines(keepends=True)))
