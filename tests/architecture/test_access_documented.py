"""The page of the rules names each thing that decides."""

import re
from pathlib import Path

from strata.access.policy.things import Thing
from strata.access.policy.verbs import NEEDED, Action
from strata.sessions.signed_in.sessions import ADMIN, PASSING, PROVED_FOR, REMEMBERED

PAGE = (Path(__file__).parents[2] / "docs" / "asvs-access.md").read_text("utf-8")


def row(first: str) -> str:
    (found,) = [line for line in PAGE.splitlines() if line.startswith(f"| {first}")]
    return found


def test_every_verb_and_permission_stands_on_the_page() -> None:
    for verb in Action:
        last = row(verb.name).rstrip(" |").rpartition("|")[2]
        wanted = {one.value for one in NEEDED[Thing.REPO].get(verb, ())}
        named = set(re.findall(r"`([a-z.]+)`", last))
        assert named == (wanted if verb is not Action.SHARE else set()), verb


def test_what_surroundings_decide_is_written_down() -> None:
    lives = (REMEMBERED, PASSING, ADMIN)
    for life in lives:
        for length in (life.idle, life.absolute):
            minutes = int(length.total_seconds()) // 60
            unit = minutes if minutes < 60 else minutes // 60 if minutes < 2880 else minutes // 1440
            assert re.search(rf"\b{unit}\b", row("idle and total time")), length
    assert f"{int(PROVED_FOR.total_seconds()) // 60} minutes" in row("how long ago")
    for setting in re.findall(r"`([a-z]+\.[a-z_]+)`", PAGE):
        if setting.startswith(("accounts.", "oauth.")):
            assert f"`{setting}`" in SETTINGS, setting


SETTINGS = (Path(__file__).parents[2] / "docs" / "settings.md").read_text("utf-8")
