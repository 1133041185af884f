"""`strata announce`, as an operator runs it, on both databases."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from doors.cli.conftest import Strata
from strata.accounts.tables import users
from strata.app.hub import JOBS, load_hub
from strata.community.inbox.tables import notifications
from strata.core.hub import Hub
from strata.core.settings.loading import load
from strata.events.jobs import run_due
from strata.events.mails.tables import mails
from strata.events.tables import facts

pytestmark = pytest.mark.slow


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest) -> dict[str, str]:
    """Where the hub keeps its tables."""
    if request.param == "sqlite":
        return {}
    return {"STRATA_DATABASE_URL": request.getfixturevalue("postgres_database")}


def opened(tmp_path: Path, place: dict[str, str]) -> Hub:
    """The hub of the commands, in this process."""
    overrides = {"data": tmp_path / "data", "database.url": place.get("STRATA_DATABASE_URL")}
    return load_hub(load(environment={}, overrides=overrides).settings)


def test_everybody_hears_and_nothing_is_announced_by_half(
    strata: Strata, tmp_path: Path, place: dict[str, str]
) -> None:
    assert strata("user", "create", "ann", "--email", "ann@example.com", **place).returncode == 0
    english, chinese = tmp_path / "en.md", tmp_path / "zh.md"
    english.write_text("# Maintenance\n\nAway from 8 to 9.\n", "utf-8")
    chinese.write_text("# 维护\n", "utf-8")

    def announce(*more: str) -> tuple[int, str, str]:
        done = strata("announce", "--en", str(english), "--zh", str(chinese), *more, **place)
        return done.returncode, done.stdout.strip(), done.stderr

    status, out, said = announce()
    assert (status != 0, out) == (True, "")
    assert "Begin each text (zh-CN) with a heading" in said
    assert strata("announce", "--en", str(english), **place).returncode == 2
    missing = strata("announce", "--en", str(english), "--zh", str(tmp_path / "no.md"), **place)
    assert (missing.returncode, "no.md" in missing.stderr) == (2, True)

    chinese.write_text("# 维护\n\n8 点至 9 点暂停服务。\n", "utf-8")
    status, out, said = announce()
    assert (status, out) == (0, "/notifications/announcements/1"), said

    hub = opened(tmp_path, place)
    while run_due(hub, JOBS):
        pass
    with hub.database.reading() as db:
        told = sa.select(facts.c.actor_kind, facts.c.target).where(facts.c.name == "admin.announce")
        assert [tuple(row) for row in db.execute(told)] == [("system", "Maintenance")]
        heard = sa.select(users.c.id).join(notifications, notifications.c.user_id == users.c.id)
        assert len(db.execute(heard.where(notifications.c.topic == "announcement")).all()) == 1
        assert db.execute(sa.select(mails).where(mails.c.subject == "Maintenance")).all() == []
    hub.database.close()
