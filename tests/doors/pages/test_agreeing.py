"""Documents that change: whoever agreed to older ones is asked, has some days, and then reads on
and writes nothing (product §3.4, J03).
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from doors.pages.publishing import publish
from doors.pages.visitors import PASSWORD, Visitor, agreements, confirmed, letter, token_in
from fixtures.accounts import person
from fixtures.hubs import FrozenClock, build_test_hub
from strata.accounts.legal import publishing
from strata.accounts.legal.kinds import PAGES, DocumentKind
from strata.accounts.legal.tables import consents, past_consents
from strata.accounts.legal.telling import TellOfTerms
from strata.accounts.tables import users
from strata.core.call import reading, working
from strata.core.errors import AlreadyExists, Malformed
from strata.core.hub import Hub
from strata.core.settings.groups.accounts import AccountsSettings
from strata.membership.closing.gone import delete as leave_for_good
from strata.membership.confirming import unconfirmed

PROFILE, TOKENS = "/settings/profile", "/settings/tokens/new"
NAMES = {"terms": "user agreement", "privacy": "privacy policy", "guidelines": "content guide"}
GRACE = timedelta(days=AccountsSettings().consent_grace_days)


def waiting(visitor: Visitor) -> Visitor:
    """Who put the consent off, and looks at pages."""
    asked = visitor.open("/models")
    assert asked.place == "/agree?next=%2Fmodels"
    visitor.send("/agree/later", visitor.open(asked.place).hidden("/agree/later"))
    return visitor


@pytest.fixture
def hub(tmp_path: Path, clock: FrozenClock) -> Iterator[Hub]:
    """Give a hub that waits for no consent; `GRACE` is about the days that it may have."""
    settings: dict[str, Any] = {"accounts.consent_grace_days": 0}
    built = build_test_hub(tmp_path / "data", clock=clock, **settings)
    yield built
    built.database.close()


@pytest.fixture
def patient(hub: Hub) -> Hub:
    """Give the same hub as it is without a setting."""
    accounts = replace(hub.settings.accounts, consent_grace_days=GRACE.days)
    return replace(hub, settings=replace(hub.settings, accounts=accounts))


@pytest.fixture
def li(hub: Hub) -> Visitor:
    """A browser in which a confirmed person is logged in."""
    return confirmed(hub, "li")


def test_a_form_waits_for_the_consent_and_is_then_done(hub: Hub, li: Visitor) -> None:
    publish(hub, "2")
    asked = waiting(li).submit(PROFILE, PROFILE, full_name="Li Wei")
    assert (asked.status, "Our documents have changed" in asked.text) == (403, True)
    assert "Li Wei" not in li.open("/li").text

    unticked = li.send(PROFILE, asked.hidden(PROFILE))
    assert unticked.status == 403
    assert "Li Wei" not in li.open("/li").text
    done = li.send(PROFILE, unticked.hidden(PROFILE) | {"consents": "on"})
    assert done.place == PROFILE
    assert "Li Wei" in li.open("/li").text
    assert agreements(hub) == [
        ("terms", "2", "re-consent"),
        ("privacy", "sample-1", "re-consent"),
    ]
    assert li.submit(PROFILE, PROFILE, full_name="Li").place == PROFILE


def test_a_version_that_was_not_shown_is_not_agreed_to(hub: Hub, li: Visitor) -> None:
    publish(hub, "2")
    asked = waiting(li).submit(PROFILE, PROFILE, full_name="Li Wei")
    publish(hub, "3")
    again = li.send(PROFILE, asked.hidden(PROFILE) | {"consents": "on"})
    assert (again.status, "documents have changed" in again.text) == (403, True)
    assert agreements(hub) == []


def test_a_log_in_leads_there_and_onward_and_may_be_declined(hub: Hub) -> None:
    publish(hub, "2")
    visitor = Visitor(hub)
    visitor.join("first-one", "first@example.com")
    publish(hub, "3")
    back = Visitor(hub)
    entered = back.submit("/login?next=/models", "/login", username="first-one", password=PASSWORD)
    assert entered.place == "/agree?next=%2Fmodels"
    asked = back.open(entered.place)
    declined = back.send("/agree/later", asked.hidden("/agree/later"))
    assert declined.place == "/models"
    assert back.open("/models").status == 200
    done = back.send("/agree", asked.hidden("/agree") | {"consents": "on"})
    assert done.place == "/models"
    assert [row for row in agreements(hub) if row[0] == "terms"] == [
        ("terms", "2", "signup"),
        ("terms", "3", "re-consent"),
    ]


def test_scripts_of_a_browser_wait_too_and_tokens_do_not(hub: Hub, li: Visitor) -> None:
    token = token_in(li.make_token("laptop", "write"))
    publish(hub, "2")
    body = {"name": "thing", "type": "model"}
    refused = li.client.post("/api/repos/create", json=body)
    assert refused.status_code == 403
    assert refused.headers["x-error-code"] == "ConsentNeeded"
    bearer = {"Authorization": f"Bearer {token}"}
    with_token = Visitor(hub).client.post("/api/repos/create", json=body, headers=bearer)
    assert with_token.status_code == 200


def test_who_does_not_agree_may_still_leave_and_log_out(hub: Hub) -> None:
    visitor = Visitor(hub)
    visitor.join("first-one", "first@example.com")
    mallory = Visitor(hub)
    mallory.join("mallory")
    publish(hub, "2")
    gone = mallory.submit(
        "/settings/account/delete", "/settings/account/delete", confirm_name="mallory"
    )
    assert gone.place == "/"
    assert waiting(visitor).submit("/", "/logout").place == "/"


def test_a_stranger_reads_and_signs_up_for_the_newest_text(hub: Hub) -> None:
    publish(hub, "2")
    assert "Terms 2" in Visitor(hub).open("/terms-of-service").text
    assert "条款 2" in Visitor(hub, language="zh-CN").open("/terms-of-service").text
    config = Visitor(hub).client.get("/api/site-config").json()
    assert config["documents"]["terms"]["version"] == "2"


@pytest.mark.parametrize("kind", DocumentKind)
def test_each_document_goes_the_same_way(hub: Hub, kind: DocumentKind) -> None:
    mei = confirmed(hub, "mei")
    publish(hub, "2", kind)
    with reading(hub) as call:
        TellOfTerms(kind, "2").run(call)
    assert f"Version 2 of the {NAMES[kind]}" in letter(hub, "mei@example.com").text
    assert "Terms 2" in mei.open(PAGES[kind]).text
    asked = waiting(mei).open("/agree?next=/models")
    assert (asked.hidden("/agree")[f"{kind}_version"], PAGES[kind] in asked.text) == ("2", True)
    assert mei.submit(PROFILE, PROFILE, full_name="Mei").status == 403
    mei.send("/agree", asked.hidden("/agree") | {"consents": "on"})
    assert (kind, "2", "re-consent") in agreements(hub)
    assert mei.submit(PROFILE, PROFILE, full_name="Mei").place == PROFILE


def test_guidelines_of_the_operator_are_agreed_to_at_sign_up_a_sample_is_not(hub: Hub) -> None:
    Visitor(hub).join("early")
    assert "guidelines" not in {document for document, _, _ in agreements(hub)}
    publish(hub, "2", DocumentKind.GUIDELINES)
    late = Visitor(hub)
    late.begin("late@example.com")
    page = late.open("/join?step=2")
    assert page.hidden("/join")["guidelines_version"] == "2"
    assert "and I will follow the" in page.text
    late.join("later")
    assert ("guidelines", "2", "signup") in agreements(hub)
    assert late.open("/models").status == 200


def test_a_text_is_published_whole_and_once(hub: Hub) -> None:
    publish(hub, "2")
    with pytest.raises(AlreadyExists):
        publish(hub, "2")
    with pytest.raises(AlreadyExists):
        publish(hub, "sample-1")
    with reading(hub) as call, working(call) as work:
        for version, texts in (("", {"en": "a", "zh-CN": "b"}), ("3", {"en": "a"})):
            with pytest.raises(Malformed):
                publishing.publish(work, DocumentKind.TERMS, version, texts)


def test_the_next_page_asks_and_may_be_put_off_for_a_day(patient: Hub) -> None:
    mei = confirmed(patient, "mei")
    publish(patient, "2")
    asked = mei.open("/models?sort=likes")
    assert (asked.status, asked.place) == (303, "/agree?next=%2Fmodels%3Fsort%3Dlikes")
    page = mei.open(asked.place)
    assert "You can go on as before until Dec 7, 2026" in re.sub("<[^>]*>", "", page.text)
    put_off = mei.send("/agree/later", page.hidden("/agree/later"))
    assert put_off.place == "/models?sort=likes"
    (cookie,) = (one for one in put_off.cookies if one.startswith("later="))
    assert "Max-Age=86400" in cookie
    assert mei.open("/models").status == 200
    publish(patient, "3")
    assert mei.open("/models").status == 200  # of the same moment; another one asks anew
    mei.client.cookies.delete("later")
    assert mei.open("/models").place == "/agree?next=%2Fmodels"


def test_who_agrees_before_they_must_is_asked_no_more(patient: Hub) -> None:
    mei = confirmed(patient, "mei")
    publish(patient, "2")
    page = mei.open(mei.open("/models").place)
    unticked = mei.send("/agree", page.hidden("/agree"))
    assert (unticked.status, mei.open("/models").status) == (403, 303)
    assert mei.send("/agree", page.hidden("/agree") | {"consents": "on"}).place == "/models"
    assert mei.open("/models").status == 200
    assert ("terms", "2", "re-consent") in agreements(patient)


def test_another_publication_asks_anew(patient: Hub, clock: FrozenClock) -> None:
    mei = confirmed(patient, "mei")
    publish(patient, "2")
    assert waiting(mei).open("/models").status == 200
    clock.advance(timedelta(hours=1))
    publish(patient, "3")
    assert mei.open("/models").place == "/agree?next=%2Fmodels"


def test_the_documents_the_ways_out_and_what_scripts_fetch_stay_open(patient: Hub) -> None:
    mei = confirmed(patient, "mei")
    publish(patient, "2")
    for path in (*PAGES.values(), "/agree", "/settings/account"):
        assert mei.open(path).status == 200, path
    assert mei.open("/models", **{"Sec-Fetch-Mode": "cors"}).status == 200
    assert mei.client.get("/api/models").status_code == 200
    assert mei.submit("/settings/account", "/logout").place == "/"
    assert Visitor(patient).open("/models").status == 200


def test_for_some_days_everything_goes_on_and_then_pages_only_show(
    patient: Hub, clock: FrozenClock
) -> None:
    publish(patient, "2")
    clock.advance(GRACE - timedelta(minutes=2))
    visitor = confirmed(patient, "first-one")
    with reading(patient) as call, working(call) as work:
        work.db.execute(sa.update(users).values(agreed="terms=1"))
    assert waiting(visitor).submit(PROFILE, PROFILE, full_name="Li Wei").place == PROFILE
    body = {"name": "thing", "type": "model"}
    assert visitor.client.post("/api/repos/create", json=body).status_code == 200

    clock.advance(timedelta(minutes=3))
    late = visitor.submit(PROFILE, PROFILE, full_name="Li")
    assert (late.status, "change nothing" in late.text) == (403, True)
    assert visitor.client.post("/api/repos/create", json=body).status_code == 403
    assert visitor.open("/first-one/thing").status == 200
    done = visitor.send(PROFILE, late.hidden(PROFILE) | {"consents": "on"})
    assert done.place == PROFILE


def test_programs_are_warned_and_go_on(patient: Hub, clock: FrozenClock) -> None:
    token = token_in(confirmed(patient, "mei").make_token("laptop", "write"))
    bearer = {"Authorization": f"Bearer {token}"}
    client = Visitor(patient).client
    assert "x-hf-warning" not in client.get("/api/whoami-v2", headers=bearer).headers
    publish(patient, "2")
    soon = client.get("/api/whoami-v2", headers=bearer)
    assert soon.headers["x-hf-warning"] == (
        "terms; The terms of this site have changed. Read and accept them on "
        "http://hub.example.com/agree by 2026-12-07."
    )
    clock.advance(GRACE)
    late = client.get("/api/models", headers=bearer)
    assert (
        late.status_code,
        "you change nothing in the browser" in late.headers["x-hf-warning"],
    ) == (200, True)
    body = {"name": "thing", "type": "model"}
    assert client.post("/api/repos/create", json=body, headers=bearer).status_code == 200
    assert "x-hf-warning" not in client.get("/api/models").headers


def test_the_mail_says_until_when(patient: Hub) -> None:
    confirmed(patient, "mei")
    publish(patient, "2")
    with reading(patient) as call:
        TellOfTerms("terms", "2").run(call)
    assert "Until Dec 7, 2026 everything works as before" in letter(patient, "mei@example.com").text


def test_consents_outlive_the_account_without_the_person(hub: Hub) -> None:
    visitor = Visitor(hub)
    visitor.join("first-one", "first@example.com")
    pseudonyms = set()
    for name in ("mallory", "rose"):
        Visitor(hub).join(name)
        gone = person(hub, name)
        with reading(hub) as call, working(call) as work:
            if name == "rose":  # confirmed, as everybody who may leave for good
                confirmed_now = sa.update(users).where(users.c.id == gone.id)
                work.db.execute(confirmed_now.values(verified_at=work.now))
                leave_for_good(work, gone)
            else:
                assert unconfirmed.leave(work, gone.id)
            mine = hub.secrets.digest("consents.pseudonym", gone.public_id)
            kept = work.db.execute(
                sa.select(past_consents).where(past_consents.c.pseudonym == mine)
            ).all()
            assert (
                work.db.scalars(sa.select(consents.c.id).where(consents.c.user_id == gone.id)).all()
                == []
            )
        assert [(row.document, row.version, row.method) for row in kept] == [
            ("terms", "sample-1", "signup"),
            ("privacy", "sample-1", "signup"),
        ]
        assert all(row.sha256 and row.accepted_at and row.language == "en" for row in kept)
        assert name not in repr(kept)
        pseudonyms.add(mine)
    assert len(pseudonyms) == 2
    assert len(agreements(hub)) == 2  # of who stayed


def test_another_wording_asks_nobody_anew_who_had_agreed(hub: Hub, li: Visitor) -> None:
    texts = {"en": "# Terms 2", "zh-CN": "# 条款 2"}
    behind = confirmed(hub, "behind")
    with reading(hub) as call, working(call) as work:
        theirs = sa.update(users).where(users.c.id == person(hub, "behind").id)
        work.db.execute(theirs.values(agreed="terms=1"))
        publishing.publish(work, DocumentKind.TERMS, "2", texts, material=False)
        assert TellOfTerms.kind not in work.queued
    assert li.submit(PROFILE, PROFILE, full_name="Li Wei").place == PROFILE
    assert behind.open("/models").place == "/agree?next=%2Fmodels"  # they had not
    assert "Terms 2" in Visitor(hub).open("/terms-of-service").text
    newcomer = Visitor(hub)
    newcomer.join("newcomer")
    assert ("terms", "2", "signup") in agreements(hub)
    assert newcomer.open("/models").status == 200
