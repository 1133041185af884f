"""An operator changes the secret key of a hub, and one who has lost it starts anew."""

import json
import subprocess
from collections.abc import Callable

Strata = Callable[..., "subprocess.CompletedProcess[str]"]
OLD, NEW, LOST = ("a" * 40, "b" * 40, "c" * 40)
PASSWORD = "Corr3ct-Horse!a"


def test_a_changed_key_is_read_until_it_is_renewed(strata: Strata) -> None:
    made = strata(
        "user", "create", "ana", "--email", "ana@example.org", "--password", PASSWORD,
        STRATA_SECRET_KEY=OLD,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr

    wrong = strata("user", "list", STRATA_SECRET_KEY=NEW)
    assert wrong.returncode != 0
    assert "STRATA_FORMER_SECRET_KEYS" in wrong.stderr
    assert "Traceback" not in wrong.stderr

    both = {"STRATA_SECRET_KEY": NEW, "STRATA_FORMER_SECRET_KEYS": OLD}
    shown = strata("secrets", "show", "--json", **both)
    assert [row["former"] for row in json.loads(shown.stdout)] == [0] * 4
    assert strata("secrets", "renew", **both).returncode == 0
    alone = strata("user", "list", STRATA_SECRET_KEY=NEW)
    assert alone.returncode == 0
    assert "ana" in alone.stdout
    assert OLD not in strata("config", **both).stdout


def test_a_lost_key_is_given_up_on_purpose_only(strata: Strata) -> None:
    assert strata("user", "list", STRATA_SECRET_KEY=OLD).returncode == 0

    assert strata("secrets", "lost", typed="n\n").returncode != 0
    assert strata("user", "list", STRATA_SECRET_KEY=LOST).returncode != 0
    assert strata("secrets", "lost", "--yes").returncode == 0
    assert strata("user", "list", STRATA_SECRET_KEY=LOST).returncode == 0
