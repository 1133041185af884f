"""Plan & quota as people see it: what is used, asking for more, and the answer (journey J22)."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from fixtures.axe import faults
from fixtures.browsers import chromium
from fixtures.contents import at, created, given
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.large_files import calling, working_as
from fixtures.organizations import organization, today
from fixtures.shown_repos import Scene, served, session_of, staged
from strata.access.plans import requests
from strata.accounts.naming import names
from strata.accounts.plans import grants
from strata.app.serving import build_app
from strata.content.reading.downloads import bytes_of
from strata.core.actor import SYSTEM
from strata.core.call import reading, working
from strata.core.errors import NotFound, OverQuota
from strata.events import outbox
from strata.events.tables import facts
from strata.lib.git import read as git

BILLING = "/settings/billing"
SMALL: dict[str, Any] = {"quotas.public_bytes": 1_000_000, "quotas.repos": 50}


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    clock = FrozenClock()
    built = build_test_hub(tmp_path / "data", clock=clock, **SMALL)
    yield staged(built, clock)
    built.database.close()


def test_the_plan_that_is_ours_is_called_in_the_readers_language(scene: Scene) -> None:
    """What an operator called a plan stays, also where it is a word that pages translate."""
    visitor = scene.visitor(scene.owner)
    shown = f"{BILLING}?lang=zh-CN", "/settings/account?lang=zh-CN"
    badge = re.compile(r'<span class="badge[^"]*">([^<]+)</span>')

    for path in shown:
        assert "免费版" in badge.findall(visitor.get(path).text)
    with working_as(scene.hub, SYSTEM) as work:
        grants.make(work, "Community", {"repos": 60})
        place = names.find(work, "li-wei")
        assert place is not None
        grants.assign(work, place, "Community", None)
    for path in shown:
        assert "Community" in badge.findall(visitor.get(path).text)


def test_what_is_used_of_what(scene: Scene) -> None:
    page = scene.visitor(scene.owner).get(BILLING).text
    used = re.search(r"([\d.]+) KiB of 976\.6 KiB", page)  # of public storage
    assert used is not None
    assert 839.8 < float(used[1]) < 850  # the large files, and a few small ones that git keeps
    assert page.count(f"{used[1]} KiB") == 2  # also of the one repo, among the largest
    assert "1 of 50" in page
    assert "999,999 of 1,000,000 left" in page.replace("&nbsp;", " ")
    assert "li-wei/flan-t5-large" in page
    assert "/li-wei/flan-t5-large/settings/storage" in page
    files = git.count_files(
        scene.hub.git_path(scene.model.key), at(scene.hub, scene.owner, scene.model).commit
    )
    assert f"{files} of 100,000" in page  # of one repository
    for limit in ("0 of 100", "0 of 20", "50.0 GiB", "10,000", "100,000,000", "1,000"):
        assert limit in page


@pytest.mark.parametrize(
    ("language", "near", "full"),
    [
        ("en", "Public storage: 8[0-9]% used.", "Public storage: used up."),
        ("zh-CN", "公开存储.已使用 8[0-9]%", "已用尽。"),
    ],
)
def test_what_is_nearly_used_up_is_said_at_the_top(
    scene: Scene, language: str, near: str, full: str
) -> None:
    owner = scene.visitor(scene.owner, language)
    assert re.search(near, owner.get(BILLING).text)
    with working_as(scene.hub, SYSTEM) as work:
        place = names.find(work, "li-wei")
        assert place is not None
        grants.override(work, place, "public_bytes", 500_000, None)
    assert full in owner.get(BILLING).text


def test_what_was_sent_is_counted_without_a_write(scene: Scene) -> None:
    app = build_app(scene.hub)
    with TestClient(app, base_url="http://hub.test") as reader:
        file = f"/{scene.model.full_name}/resolve/main/README.md"
        body = reader.get(file).content
        assert reader.get(file, headers={"Range": "bytes=0-9"}).status_code == 206
        reader.head(file)
        etag = reader.get(file).headers["etag"]
        assert reader.get(file, headers={"If-None-Match": etag}).status_code == 304
        assert sent(scene) == 0
        app.tallies.downloads.flush(scene.hub)
        assert sent(scene) == 2 * len(body) + 10
        app.tallies.downloads.flush(scene.hub)
        assert sent(scene) == 2 * len(body) + 10
    scene.clock.advance(timedelta(days=31))
    assert sent(scene) == 0


def sent(scene: Scene) -> int:
    with calling(scene.hub, SYSTEM) as call:
        return bytes_of(call, scene.owner.user_id or 0)


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_who_may_upload_sees_that_there_is_hardly_room(scene: Scene, language: str) -> None:
    sentence = {
        "en": r"li-wei has used 9[34]\d\.\d KiB of 976\.6 KiB of public storage\.",
        "zh-CN": r"li-wei 已使用 9[34]\d\.\d KiB 公开存储",
    }[language]
    page = f"/{scene.model.full_name}/tree/main"
    assert not re.search(sentence, scene.visitor(scene.owner, language).get(page).text)
    given(scene.hub, scene.owner, scene.model, "more.bin", b"x" * 100_000)
    shown = scene.visitor(scene.owner, language).get(page).text
    assert re.search(sentence, shown)
    assert "/settings/billing?owner=li-wei" in shown
    assert not re.search(sentence, scene.visitor(scene.other, language).get(page).text)
    assert not re.search(sentence, scene.visitor(None, language).get(page).text)


def test_each_step_is_a_fact_once(scene: Scene) -> None:
    for number, size in enumerate((100_000, 1_000, 10)):
        given(scene.hub, scene.owner, scene.model, f"{number}.bin", bytes([number]) * size)
    with calling(scene.hub, SYSTEM) as call:
        rows = call.db.execute(
            sa.select(facts.c.detail).where(facts.c.name == "quota.reached").order_by(facts.c.id)
        )
        assert [row.detail["percent"] for row in rows] == [80, 95]


def test_more_is_asked_for_granted_and_used(scene: Scene) -> None:
    owner = scene.visitor(scene.owner)
    with pytest.raises(OverQuota, match=r"left of 976\.6 KiB of public storage of li-wei"):
        given(scene.hub, scene.owner, scene.model, "more.bin", b"x" * 200_000)
    for message, sentence in (("  ", "Say what you need"), ("x" * 2_001, "at most 2000")):
        refused = owner.post(BILLING, {"owner": "li-wei", "message": message})
        assert (refused.status_code, sentence in refused.text) == (400, True)
    assert owner.post(BILLING, {"owner": "li-wei", "message": "Two models"}).status_code == 303
    page = owner.get(BILLING).text
    assert "on its way to the administrators" in page
    assert "Your request waits for an answer." in page
    again = owner.post(BILLING, {"owner": "li-wei", "message": "Please"})
    assert (again.status_code, "still waits" in again.text) == (400, True)
    with reading(scene.hub, SYSTEM) as call:
        (waiting,) = requests.waiting(call)
        with working(call) as work:
            grants.make(work, "Pro", {"public_bytes": 5_000_000})
            requests.approve(work, waiting.id, "Pro", None, "Enjoy.")
        with pytest.raises(NotFound), working(call) as work:
            requests.decline(work, waiting.id, "")
        mail = outbox.outbox(call)[0]
    assert mail.recipient == "li-wei@example.org"
    assert "has the plan Pro now" in mail.text
    assert "Enjoy." in mail.text
    page = owner.get(BILLING).text
    assert "Pro</span>" in page
    assert "Your last request was approved." in page
    given(scene.hub, scene.owner, scene.model, "more.bin", b"x" * 200_000)


def test_admins_look_after_their_organization_and_nobody_else(scene: Scene) -> None:
    organization(scene.hub, "li-wei", "acme")
    owner = scene.visitor(today(scene.hub, scene.owner))
    page = owner.get(f"{BILLING}?owner=acme").text
    assert "Quota and usage of acme" in page
    assert "Members" in page
    assert owner.post(BILLING, {"owner": "acme", "message": "More"}).status_code == 303
    other = scene.visitor(scene.other)
    for name in ("acme", "li-wei"):
        assert other.get(f"{BILLING}?owner={name}").status_code == 403
        assert other.post(BILLING, {"owner": name, "message": "Mine"}).status_code == 403
    assert scene.visitor().get(BILLING).headers["location"].startswith("/login")
    forged = owner.client.post(BILLING, data={"owner": "acme", "message": "x", "csrf_token": "no"})
    assert forged.status_code == 400
    with calling(scene.hub, SYSTEM) as call:
        assert [one.owner for one in requests.waiting(call)] == ["acme"]


def test_the_number_of_repos_is_limited_too(scene: Scene) -> None:
    with reading(scene.hub, SYSTEM) as call, working(call) as work:
        ada = names.Namespace(scene.other.user_id or 0, "ada", names.Kind.USER)
        grants.override(work, ada, "repos", 1, None)
    created(scene.hub, scene.other, "first")
    with pytest.raises(OverQuota, match="1 of 1 repositories are in use"):
        created(scene.hub, scene.other, "second")
    form = {"name": "second", "visibility": "public"}
    for language, sentence in (("en", "one more than the plan allows: 1 of 1"), ("zh-CN", "1 / 1")):
        refused = scene.visitor(scene.other, language).post("/new", form)
        assert (refused.status_code, sentence in refused.text) == (413, True)


def test_it_fits_the_screen_and_everyone_can_use_it(scene: Scene) -> None:
    with served(scene.hub) as base, chromium() as browser:
        context = browser.new_context(locale="zh-CN")
        session = session_of(scene.hub, scene.owner)
        context.add_cookies([{"name": "sid", "value": session, "url": base}])
        page = context.new_page()
        assert faults(page, base + BILLING) == []
        assert page.inner_text("h1") == "套餐与配额"
