"""The long-lived parts of one hub, built once by `app/hub.py`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from strata.core.personal import Personal
from strata.core.secrets import Secrets
from strata.core.settings.providers import LoginProvider
from strata.core.settings.tree import Settings
from strata.lib.bell import Bell
from strata.lib.db.database import Database
from strata.lib.http.outbound import Outbound
from strata.lib.objects.store import ObjectStore
from strata.lib.places import Place, Places
from strata.lib.turns import Turns


@dataclass(frozen=True, slots=True)
class Hub:
    """What every call can reach; holds no request state."""

    settings: Settings
    database: Database
    objects: ObjectStore
    secrets: Secrets
    clock: Callable[[], datetime]  # the only source of time, UTC
    instance: str  # identity of the database, 8 hex
    reactions: Mapping[str, tuple[str, ...]]  # fact name → kinds of the jobs that react to it
    listeners: tuple[Callable[..., None], ...] = ()  # each an `events.facts.Listener`
    providers: tuple[LoginProvider, ...] = ()  # other sites whose word about people counts
    personal: tuple[Personal, ...] = ()  # what the rooms hold of people
    peppers: tuple[str, ...] = field(default=(), repr=False)  # of passwords, the newest first
    places: Places | None = None  # where addresses are, roughly
    outbound: Outbound = field(default_factory=Outbound)  # for addresses that people choose
    mail_turns: Turns = field(default_factory=Turns)  # by the domain that a mail goes to
    job_written: Bell = field(default_factory=Bell)  # wakes the job runners

    def git_path(self, repo_key: str) -> Path:
        """Where the bare repository of a repo lives; the key never changes, names do."""
        return Path(f"{self.settings.data}/git/{repo_key[:2]}/{repo_key}.git")

    def place_of(self, ip: str) -> Place | None:
        """Where an address is; None when there is no database, or it does not know."""
        return self.places.of(ip) if self.places and ip else None

    def crash_point(self, name: str) -> None:
        """End the process here when a test asked for it, as a power cut would."""
        if self.settings.crash_at == name and self.settings.testing:
            os._exit(70)
