"""Work before a sign-up: asked of everybody where it is on, good once, and ours (product P02)."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from doors.pages.visitors import PASSWORD, Visitor
from fixtures.accounts import calling, joined
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.puzzles import solved
from strata.accounts.puzzles import Done, Puzzle, faults, puzzle
from strata.core.errors import InvalidFields
from strata.core.hub import Hub
from strata.core.settings.loading import load
from strata.core.settings.refusal import BadSettings
from strata.membership.joining.faults import work_of

BITS = 6


@pytest.fixture
def hub(tmp_path: Path, clock: FrozenClock) -> Iterator[Hub]:
    asked: dict[str, Any] = {"accounts.sign_up_work_bits": BITS}
    built = build_test_hub(tmp_path / "data", clock=clock, **asked)
    yield built
    built.database.close()


def fresh(hub: Hub) -> Puzzle:
    with calling(hub) as call:
        return puzzle(call, work_of(call))


def test_one_work_opens_one_account(hub: Hub) -> None:
    """Eve works once and sends it a hundred times."""
    done = solved(fresh(hub))
    with pytest.raises(InvalidFields) as refused:
        joined(hub, "a--b", work=done)  # costs no work
    assert refused.value.fields == {"username": ("name.invalid",)}
    assert joined(hub, "eve", work=done).name == "eve"
    with pytest.raises(InvalidFields) as refused:
        joined(hub, "eve-2", work=done)
    assert refused.value.fields == {"work": ("work.bad",)}


def test_work_that_was_not_done_opens_nothing(hub: Hub, clock: FrozenClock) -> None:
    asked = fresh(hub)
    wrong = {
        Done(): "work.missing",
        Done(asked.ticket): "work.missing",
        solved(asked, right=False): "work.bad",
        Done(asked.ticket[:-4] + "AAAA", "7"): "work.bad",
        Done(asked.ticket, "\u0667"): "work.bad",
        Done(asked.ticket, "7" * 1000): "work.bad",
        Done("\u00e9" * 50, "7"): "work.bad",
    }
    with calling(hub) as call:
        assert {done: faults(call, work_of(call), done) for done in wrong} == {
            done: (key,) for done, key in wrong.items()
        }
    done = solved(asked)
    clock.advance(timedelta(hours=1, seconds=1))
    with calling(hub) as call:
        assert faults(call, work_of(call), done) == ("work.bad",)


def test_scripts_do_the_same_work(hub: Hub) -> None:
    client = Visitor(hub).client
    config = client.get("/api/site-config").json()
    assert config["signUp"]["workBits"] == BITS
    sent = {
        "email": "li@example.org",
        "password": PASSWORD,
        "username": "li",
        "consents": {kind: one["version"] for kind, one in config["documents"].items()},
    }
    refused = client.post("/api/signup", json=sent)
    assert refused.status_code == 400
    assert "work.missing" in refused.text
    asked = client.get("/api/signup/work").json()
    done = solved(Puzzle(asked["bits"], asked["ticket"]))
    opened = client.post(
        "/api/signup", json=sent | {"workTicket": done.ticket, "work": done.answer}
    )
    assert opened.status_code == 201


def test_the_page_says_what_to_do_without_scripts(hub: Hub) -> None:
    visitor = Visitor(hub)
    for language, words in (("en", "which needs JavaScript"), ("zh-CN", "JavaScript")):
        visitor = Visitor(hub, language=language)
        visitor.begin("li@example.org")
        page = visitor.open("/join?step=2")
        assert words in page.text
        assert f'data-work-bits="{BITS}"' in page.text
    refused = visitor.join("li", "li@example.org")
    assert refused.status == 400
    assert 'href="#strata-work"' in refused.text


def test_nobody_works_unless_the_operator_says_so(tmp_path: Path, clock: FrozenClock) -> None:
    idle = build_test_hub(tmp_path / "idle", clock=clock)
    assert fresh(idle) == Puzzle(0)
    assert joined(idle, "li").name == "li"
    idle.database.close()
    with pytest.raises(BadSettings, match="sign_up_work_bits"):
        load(environment={}, overrides={"accounts.sign_up_work_bits": 25})
