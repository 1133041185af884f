"""Gates as people meet them: the panel, the form, the list of requests (product P38, P15)."""

import html
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page as BrowserPage

from doors.pages.marks import Marks
from fixtures.accounts import joined, made, person as account
from fixtures.axe import faults
from fixtures.browsers import chromium
from fixtures.contents import uploaded
from fixtures.gated import asks, decides, gate, request_of, standings
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.shown_repos import HOSTILE, Scene, served, session_of, staged
from strata.access.gates.record import Standing
from strata.core.actor import Actor
from strata.core.hub import Hub
from strata.core.names import RepoType
from strata.repos.change import Settings

PENDING, ACCEPTED, REJECTED, RESET = Standing
MODEL = "/li-wei/flan-t5-large"
REQUESTS = f"{MODEL}/settings/access-requests"
CARD = b"""---
extra_gated_heading: Tell us who you are
extra_gated_prompt: "You agree **not** to harm."
extra_gated_button_content: Send it
extra_gated_fields:
- Company: text
- Country: country
- Use: {type: select, options: [Research, {label: Other use, value: other}]}
- Born: {type: date_picker, optional: true}
- I agree: checkbox
---
# The card
"""
FILLED = {"gate-0": "Acme", "gate-1": "CN", "gate-2": "other", "gate-3": "", "gate-4": "on"}


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    clock = FrozenClock()
    made_scene = staged(build_test_hub(tmp_path / "data", clock=clock), clock)
    uploaded(made_scene.hub, made_scene.owner, made_scene.model, {"README.md": CARD})
    return _gated(made_scene, Settings(gated="manual"))


def _gated(scene: Scene, settings: Settings) -> Scene:
    scene.model = gate(scene.hub, scene.owner, scene.model, settings)
    return scene


def seen(scene: Scene, person: Actor | None, path: str = MODEL, language: str = "en") -> str:
    """What somebody reads."""
    answer = scene.visitor(person, language).get(path)
    assert answer.status_code == 200
    return html.unescape(answer.text)


def unconfirmed(hub: Hub) -> Actor:
    joined(hub, "newcomer")
    return Actor(user_id=account(hub, "newcomer").id, name="newcomer")


def test_the_card_stays_readable_below_the_panel_that_the_card_describes(scene: Scene) -> None:
    page = seen(scene, scene.other)
    assert "The card" in page
    assert "Tell us who you are" in page
    assert "You agree <strong>not</strong> to harm." in page
    assert re.search(r"<button[^>]*>Send it</button>", page)
    assert "a•••@example.org" in page
    for control in ("gate-0", "gate-1", "gate-2", "gate-3"):
        assert f'name="{control}"' in page
    assert '<option value="CN">China</option>' in page
    assert '<option value="CN">中国</option>' in seen(scene, scene.other, language="zh-CN")
    assert '<option value="other">Other use</option>' in page
    assert '<meta name="robots" content="noindex">' in page
    assert "gate-title" not in seen(scene, scene.owner)


def test_nobody_is_led_to_the_log_in_and_who_did_not_confirm_to_the_mail(scene: Scene) -> None:
    page = seen(scene, None)
    assert f"/login?next={MODEL}" in page.replace("%2F", "/")
    assert "to review the conditions." in page
    assert 'name="gate-0"' not in page
    waiting = seen(scene, unconfirmed(scene.hub))
    assert "Confirm your e-mail to do this." in waiting
    assert '<fieldset class="gate-fields" disabled>' in waiting


def test_a_request_waits_and_is_withdrawn(scene: Scene) -> None:
    visitor = scene.visitor(scene.other)
    answer = visitor.post(f"{MODEL}/ask-access", FILLED)
    assert (answer.status_code, answer.headers["location"]) == (303, MODEL)
    assert request_of(scene.hub, scene.model, scene.other).answers == {
        "Company": "Acme",
        "Country": "CN",
        "Use": "other",
        "I agree": True,
    }
    page = seen(scene, scene.other)
    assert "Waiting for the authors to review your request." in page
    assert 'name="gate-0"' not in page
    assert "正在等待作者审核。" in seen(scene, scene.other, language="zh-CN")
    assert visitor.post(f"{MODEL}/ask-access/withdraw", {}).headers["location"] == MODEL
    assert standings(scene.hub, scene.model) == {}


def test_an_automatic_gate_opens_at_once(scene: Scene) -> None:
    _gated(scene, Settings(gated="auto"))
    visitor = scene.visitor(scene.other)
    assert visitor.get(f"{MODEL}/blob/main/config.json").status_code == 403
    visitor.post(f"{MODEL}/ask-access", FILLED)
    assert "You have been granted access to this model." in visitor.get(MODEL).text
    assert visitor.get(f"{MODEL}/blob/main/config.json").status_code == 200


def test_a_form_with_a_mistake_comes_back_filled_in(scene: Scene) -> None:
    answer = scene.visitor(scene.other).post(
        f"{MODEL}/ask-access", {**FILLED, "gate-1": "XX", "gate-4": "", "gate-3": "soon"}
    )
    assert answer.status_code == 400
    page = html.unescape(answer.text)
    assert 'value="Acme"' in page
    for sentence in ("Choose one of the list.", "Agree to this to get access.", "Enter a date"):
        assert sentence in page
    assert page.count('aria-invalid="true"') == 3
    assert standings(scene.hub, scene.model) == {}


def test_a_forged_form_asks_decides_and_sets_nothing(scene: Scene) -> None:
    asks(scene.hub, scene.other, scene.model)
    key = request_of(scene.hub, scene.model, scene.other).key
    decision = {"act": "decide", "status": "accepted", "key": key}
    for person, path, form in (
        (scene.other, f"{MODEL}/ask-access", FILLED),
        (scene.other, f"{MODEL}/ask-access/withdraw", {}),
        (scene.owner, REQUESTS, decision),
        (scene.owner, f"{MODEL}/settings", {"form": "gate", "gate": "off"}),
    ):
        assert scene.visitor(person).post(path, form, proof="forged").status_code == 400
    assert standings(scene.hub, scene.model) == {"ada": PENDING}
    assert scene.visitor(scene.other).post(REQUESTS, decision).status_code == 403
    assert scene.visitor(scene.other).get(REQUESTS).status_code == 403
    assert scene.visitor().get(REQUESTS).status_code in (303, 403)
    assert standings(scene.hub, scene.model) == {"ada": PENDING}


def test_who_was_declined_or_reset_reads_why(scene: Scene) -> None:
    asks(scene.hub, scene.other, scene.model)
    decides(scene.hub, scene.owner, scene.model, REJECTED, "ada", "Students only")
    page = seen(scene, scene.other)
    assert "The authors declined your request: Students only." in page
    assert 'name="gate-0"' not in page
    decides(scene.hub, scene.owner, scene.model, RESET, "ada", "new terms")
    page = seen(scene, scene.other)
    assert "Please agree again: new terms." in page
    assert 'name="gate-0"' in page
    assert "请重新确认并提交" in seen(scene, scene.other, language="zh-CN")


def test_files_and_differences_lead_to_the_card(scene: Scene) -> None:
    visitor = scene.visitor(scene.other)
    for rest in ("/blob/main/README.md", "/blob/no-branch/x", "/commit/main"):
        answer = visitor.get(f"{MODEL}{rest}")
        assert answer.status_code == 403
        assert answer.headers["X-Error-Code"] == "GatedRepo"
        assert f'href="{MODEL}"' in answer.text
        assert "Ask for access" in answer.text
    for rest in ("/tree/main", "/commits/main", "/branches", "/discussions"):
        assert visitor.get(f"{MODEL}{rest}").status_code == 200
    changes = f"{MODEL}/discussions/{scene.pull}/files"
    assert visitor.get(f"{MODEL}/discussions/{scene.pull}").status_code == 200
    assert visitor.get(changes).status_code == 200
    assert "# Right" not in visitor.get(changes).text
    assert "# Right" in scene.visitor(scene.owner).get(changes).text
    assert "up](../load.py)" not in visitor.get(f"{MODEL}/tree/main/docs").text


def test_requests_are_decided_one_by_one_and_together(scene: Scene) -> None:
    people = [made(scene.hub, f"person-{number}", password=None) for number in range(3)]
    for person in (scene.other, *people):
        asks(scene.hub, person, scene.model, {"Company": f"Firm of {person.name}"})
    owner = scene.visitor(scene.owner)
    page = seen(scene, scene.owner, REQUESTS)
    assert "Firm of ada" in page
    assert "ada@example.org" in page
    key = request_of(scene.hub, scene.model, scene.other).key
    form = {"act": "decide", "tab": "pending", "status": "rejected", "key": key, "reason": "no"}
    assert owner.post(REQUESTS, form).headers["location"] == f"{REQUESTS}?status=pending"
    keys = [request_of(scene.hub, scene.model, person).key for person in people[:2]]
    chosen = {f"request-{key}": "on" for key in keys}
    owner.post(REQUESTS, {"act": "bulk", "tab": "pending", "status": "accepted", **chosen})
    assert standings(scene.hub, scene.model) == {
        "ada": REJECTED,
        "person-0": ACCEPTED,
        "person-1": ACCEPTED,
        "person-2": PENDING,
    }
    rejected = seen(scene, scene.owner, f"{REQUESTS}?status=rejected")
    assert "by li-wei" in rejected
    found = seen(scene, scene.owner, f"{REQUESTS}?status=accepted&q=person-1")
    assert "person-1" in found
    assert "person-0" not in found


def test_somebody_is_let_in_without_asking(scene: Scene) -> None:
    owner = scene.visitor(scene.owner)
    for name, sentence in (
        ("nobody", "There is nobody of this name."),
        ("li-wei", "This person has access already."),
    ):
        answer = owner.post(REQUESTS, {"act": "grant", "user": name})
        assert answer.status_code == 400
        assert sentence in answer.text
    assert owner.post(REQUESTS, {"act": "grant", "user": "ada"}).status_code == 303
    page = seen(scene, scene.owner, f"{REQUESTS}?status=accepted")
    assert "ada@example.org" not in page
    assert "not shared" in page


def test_a_long_list_goes_on_after_fifty(scene: Scene) -> None:
    for number in range(52):
        asks(scene.hub, made(scene.hub, f"person-{number:02}", password=None), scene.model)
    page = seen(scene, scene.owner, REQUESTS)
    following = re.search(r'rel="next" href="([^"]+)"', page)
    assert following is not None
    rest = seen(scene, scene.owner, following[1])
    assert "person-01" in rest
    assert "person-02" not in rest


def test_settings_put_the_gate_up_and_take_it_away(scene: Scene) -> None:
    owner = scene.visitor(scene.owner)
    here = f"{MODEL}/settings"
    assert "Tell us who you are" in seen(scene, scene.owner, here)
    wrong = owner.post(here, {"form": "gate", "gate": "auto", "email": "nobody"})
    assert wrong.status_code == 400
    assert "look like an e-mail address" in html.unescape(wrong.text)
    form = {"form": "gate", "gate": "auto", "email": "team@example.org", "mode": "bulk"}
    assert owner.post(here, form).headers["location"] == here
    page = seen(scene, scene.owner, here)
    assert 'value="team@example.org"' in page
    assert '<option value="bulk" selected>' in page
    for missing in ({}, {"gate": ""}, {"gate": "open"}):  # stands for no choice of ours
        assert owner.post(here, {"form": "gate"} | missing).status_code == 400
    assert "gate-title" in seen(scene, scene.other)
    owner.post(here, {"form": "gate", "gate": "off"})
    assert "gate-title" not in seen(scene, scene.other)
    assert "This repository has no gate" in seen(scene, scene.owner, REQUESTS)
    answer = owner.post("/new-space", {"name": "demo", "sdk": "static", "visibility": "public"})
    assert answer.status_code == 303
    assert "Gated access" not in seen(scene, scene.owner, "/spaces/li-wei/demo/settings")


def test_somebody_sees_what_they_asked_for(scene: Scene) -> None:
    here = "/settings/gated-repos"
    assert "You have not requested access to any gated repository." in seen(
        scene, scene.other, here
    )
    assert scene.visitor().get(here).status_code == 303
    asks(scene.hub, scene.other, scene.model)
    assert "li-wei/flan-t5-large" in seen(scene, scene.other, here)
    assert "li-wei/flan-t5-large" not in seen(scene, scene.other, f"{here}?status=rejected")
    assert "li-wei/flan-t5-large" not in seen(scene, scene.owner, here)
    visitor = scene.visitor(scene.other)
    form = {"type": RepoType.MODEL.value, "repo": "li-wei/flan-t5-large"}
    assert visitor.post(here, form).status_code == 303
    assert standings(scene.hub, scene.model) == {}
    asks(scene.hub, scene.other, scene.model)
    decides(scene.hub, scene.owner, scene.model, REJECTED, "ada", "Students only")
    assert "Students only" in seen(scene, scene.other, here)
    _gated(scene, Settings(private=True))
    assert "li-wei/flan-t5-large" not in seen(scene, scene.other, here)


def test_hostile_conditions_and_answers_stay_texts(scene: Scene) -> None:
    quoted = HOSTILE.replace('"', "'")
    card = f"""---
extra_gated_heading: "{quoted}"
extra_gated_prompt: "{quoted} [x](javascript:alert(1))"
extra_gated_button_content: "{quoted}"
extra_gated_fields:
  "{quoted}": text
  Choose: {{type: select, options: ["{quoted}"]}}
---
"""
    uploaded(scene.hub, scene.owner, scene.model, {"README.md": card.encode()})
    answer = scene.visitor(scene.other).post(
        f"{MODEL}/ask-access", {"gate-0": HOSTILE, "gate-1": quoted}
    )
    pages = [scene.visitor(scene.owner).get(REQUESTS).text, scene.visitor().get(MODEL).text]
    assert answer.status_code == 303
    decides(scene.hub, scene.owner, scene.model, REJECTED, "ada", HOSTILE)
    pages += [
        scene.visitor(scene.other).get(path).text for path in (MODEL, "/settings/gated-repos")
    ]
    for page in pages:
        marks = Marks()
        marks.feed(page)
        assert marks.found == []


def test_the_pages_of_gates_fit_and_everyone_can_use_them(scene: Scene) -> None:
    people = {name: made(scene.hub, name, password=None) for name in ("kim", "max", "zoe")}
    for person in (scene.other, *people.values()):
        asks(scene.hub, person, scene.model, {"Company": "A very long name " * 8})
    for name, standing in (("kim", ACCEPTED), ("max", REJECTED), ("zoe", RESET)):
        reason = "" if standing is ACCEPTED else "A reason that goes on " * 9
        decides(scene.hub, scene.owner, scene.model, standing, name, reason)
    looks: list[tuple[Actor | None, tuple[str, ...]]] = [
        (None, (MODEL,)),
        (scene.other, (MODEL, f"{MODEL}/blob/main/x")),
        (people["kim"], (MODEL,)),
        (people["max"], (MODEL,)),
        (people["zoe"], (MODEL, "/settings/gated-repos")),
        (scene.owner, (REQUESTS, f"{REQUESTS}?status=rejected", f"{MODEL}/settings")),
    ]
    with served(scene.hub) as base, chromium() as browser:
        for language in ("en", "zh-CN"):
            for viewer, paths in looks:
                context = browser.new_context(locale=language)
                if viewer is not None:
                    cookie = session_of(scene.hub, viewer)
                    context.add_cookies([{"name": "sid", "value": cookie, "url": base}])
                page = context.new_page()
                for path in paths:
                    assert faults(page, base + path, colours=language == "en") == [], language
                context.close()


def test_a_request_is_made_declined_and_read_about_in_a_browser(scene: Scene) -> None:
    with served(scene.hub) as base, chromium() as browser:

        def opened(person: Actor, path: str) -> BrowserPage:
            context = browser.new_context()
            cookie = session_of(scene.hub, person)
            context.add_cookies([{"name": "sid", "value": cookie, "url": base}])
            page = context.new_page()
            page.goto(f"{base}{path}")
            return page

        asker = opened(scene.other, MODEL)
        asker.get_by_label("Company").fill("Acme")
        asker.get_by_label("Country").select_option("CN")
        asker.get_by_label("Use", exact=True).select_option("other")
        asker.get_by_label("I agree").check()
        asker.get_by_role("button", name="Send it").click()
        asker.get_by_text("Waiting for the authors").wait_for()

        owner = opened(scene.owner, REQUESTS)
        owner.locator("summary", has_text="Reject").click()
        owner.get_by_label("Reason").first.fill("Students only")
        owner.get_by_role("button", name="Reject", exact=True).click()
        owner.get_by_text("No requests waiting.").wait_for()

        asker.reload()
        asker.get_by_text("The authors declined your request: Students only.").wait_for()
    assert standings(scene.hub, scene.model) == {"ada": REJECTED}
