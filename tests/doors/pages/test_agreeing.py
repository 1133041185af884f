"""Documents that change: whoever agreed to older ones reads on and writes nothing (J03)."""

import pytest
import sqlalchemy as sa

from doors.pages.visitors import PASSWORD, Visitor, confirmed, token_in
from strata.accounts.legal import documents
from strata.accounts.legal.documents import DocumentKind
from strata.accounts.legal.tables import consents
from strata.core.call import reading, working
from strata.core.errors import AlreadyExists, Malformed
from strata.core.hub import Hub

PROFILE, TOKENS = "/settings/profile", "/settings/tokens/new"


def publish(hub: Hub, version: str, kind: DocumentKind = DocumentKind.TERMS) -> None:
    texts = {"en": f"# Terms {version}\n\nBe kind.", "zh-CN": f"# 条款 {version}\n\n请友善。"}
    with reading(hub) as call, working(call) as work:
        documents.publish(work, kind, version, texts)


def agreed(hub: Hub) -> list[tuple[str, str, str]]:
    with reading(hub) as call:
        rows = call.db.execute(
            sa.select(consents.c.document, consents.c.version, consents.c.method).order_by(
                consents.c.id
            )
        )
        return [tuple(row) for row in rows]


@pytest.fixture
def li(hub: Hub) -> Visitor:
    """A browser in which a confirmed person is logged in."""
    return confirmed(hub, "li")


def test_a_form_waits_for_the_consent_and_is_then_done(hub: Hub, li: Visitor) -> None:
    publish(hub, "2")
    asked = li.submit(PROFILE, PROFILE, full_name="Li Wei")
    assert (asked.status, "Our documents have changed" in asked.text) == (403, True)
    assert "Li Wei" not in li.open("/li").text

    unticked = li.send(PROFILE, asked.hidden(PROFILE))
    assert unticked.status == 403
    assert "Li Wei" not in li.open("/li").text
    done = li.send(PROFILE, unticked.hidden(PROFILE) | {"consents": "on"})
    assert done.place == PROFILE
    assert "Li Wei" in li.open("/li").text
    assert agreed(hub) == [("terms", "2", "renewal"), ("privacy", "sample-1", "renewal")]
    assert li.submit(PROFILE, PROFILE, full_name="Li").place == PROFILE


def test_a_version_that_was_not_shown_is_not_agreed_to(hub: Hub, li: Visitor) -> None:
    publish(hub, "2")
    asked = li.submit(PROFILE, PROFILE, full_name="Li Wei")
    publish(hub, "3")
    again = li.send(PROFILE, asked.hidden(PROFILE) | {"consents": "on"})
    assert (again.status, "documents have changed" in again.text) == (403, True)
    assert agreed(hub) == []


def test_a_log_in_leads_there_and_onward_and_may_be_declined(hub: Hub) -> None:
    publish(hub, "2")
    visitor = Visitor(hub)
    visitor.join("first-one", "first@example.com")
    publish(hub, "3")
    back = Visitor(hub)
    entered = back.submit("/login?next=/models", "/login", username="first-one", password=PASSWORD)
    assert entered.place == "/agree?next=%2Fmodels"
    asked = back.open(entered.place)
    assert 'href="/models">Not now' in asked.text
    assert back.open("/models").status == 200
    done = back.send("/agree", asked.hidden("/agree") | {"consents": "on"})
    assert done.place == "/models"
    assert [row for row in agreed(hub) if row[0] == "terms"] == [
        ("terms", "2", "signup"),
        ("terms", "3", "renewal"),
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
    assert visitor.submit("/", "/logout").place == "/"


def test_a_stranger_reads_and_signs_up_for_the_newest_text(hub: Hub) -> None:
    publish(hub, "2")
    assert "Terms 2" in Visitor(hub).open("/terms-of-service").text
    assert "条款 2" in Visitor(hub, language="zh-CN").open("/terms-of-service").text
    config = Visitor(hub).client.get("/api/site-config").json()
    assert config["documents"]["terms"]["version"] == "2"


def test_a_text_is_published_whole_and_once(hub: Hub) -> None:
    publish(hub, "2")
    with pytest.raises(AlreadyExists):
        publish(hub, "2")
    with pytest.raises(AlreadyExists):
        publish(hub, "sample-1")
    with reading(hub) as call, working(call) as work:
        for version, texts in (("", {"en": "a", "zh-CN": "b"}), ("3", {"en": "a"})):
            with pytest.raises(Malformed):
                documents.publish(work, DocumentKind.TERMS, version, texts)
