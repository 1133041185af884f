"""Profile, picture, username and leaving, in a browser without scripts (product S-010, S-011)."""

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from PIL import Image

from doors.pages.visitors import PASSWORD, Page, Visitor, confirmed, people
from fixtures.accounts import calling, made, person
from fixtures.axe import WCAG, violations
from fixtures.browsers import chromium
from fixtures.hubs import FrozenClock
from fixtures.shown_repos import served
from strata.accounts.confirmed import claim, release
from strata.accounts.naming import names
from strata.accounts.plans import grants
from strata.accounts.profile.picture import change_picture, shown_file
from strata.core.call import working
from strata.core.hub import Hub

ACCOUNT = "/settings/account"
PROFILE = "/settings/profile"
PICTURE = "/settings/profile/picture"
RENAME = "/settings/account/username"
DELETE = "/settings/account/delete"


@pytest.fixture
def visitor(hub: Hub) -> Visitor:
    """Give the browser of a confirmed person."""
    return confirmed(hub, "li-wei")


def uploads(visitor: Visitor, content: bytes) -> Page:
    hidden = visitor.open(PROFILE).hidden(PICTURE)
    return Page(visitor.client.post(PICTURE, data=hidden, files={"picture": ("me.png", content)}))


def drawn() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (90, 70), "red").save(out, "PNG")
    return out.getvalue()


def test_a_profile_is_filled_in_and_shown(visitor: Visitor) -> None:
    saved = visitor.submit(
        PROFILE,
        PROFILE,
        full_name="Li Wei",
        bio="First line\r\nSecond <b>line</b>",
        homepage="https://li.example/",
        bluesky="li.example",
    )
    assert (saved.status, saved.place) == (303, PROFILE)
    assert "Your profile is saved." in visitor.open(PROFILE).text
    answer = visitor.client.get("/li-wei").text
    assert "Second &lt;b&gt;line&lt;/b&gt;" in answer
    assert 'href="https://li.example/" rel="nofollow ugc noopener"' in answer
    assert "https://bsky.app/profile/li.example" in answer


def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_lost(visitor: Visitor) -> None:
    refused = visitor.submit(
        PROFILE, PROFILE, full_name="Li Wei", homepage="javascript:x", bio="Typed with care"
    )
    assert refused.status == 400
    assert "begins with https://" in refused.text
    assert "Typed with care" in refused.text
    assert "javascript:x" not in visitor.client.get("/li-wei").text


def test_a_picture_is_shown_under_the_address_that_never_changes(
    visitor: Visitor, hub: Hub
) -> None:
    address = f"/avatars/{person(hub, 'li-wei').public_id}.svg"
    assert visitor.client.get(address).headers["content-type"] == "image/svg+xml"

    assert uploads(visitor, drawn()).place == PROFILE

    sent_on = visitor.client.get(address)
    assert sent_on.status_code == 302
    shown = visitor.client.get(sent_on.headers["location"])
    assert shown.headers["content-type"] == "image/webp"
    assert "immutable" in shown.headers["cache-control"]
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert Image.open(io.BytesIO(shown.content)).size == (256, 256)

    remove = f"{PICTURE}/remove"
    assert visitor.submit(PROFILE, remove).place == PROFILE
    assert visitor.client.get(address).status_code == 200
    assert visitor.client.get(sent_on.headers["location"]).status_code == 404


def test_a_picture_that_is_chosen_again_while_it_is_fetched_is_served(hub: Hub) -> None:
    """Its row was read, and then its bytes give way to equal ones."""
    confirmed(hub, "li-wei")
    li = person(hub, "li-wei")

    def choose() -> str:
        with calling(hub) as call:
            change_picture(call, li.id, drawn())
            return f"/avatars/{shown_file(call, li.public_id)}"

    address = choose()
    giving_way = replace(hub, objects=GivingWay(hub, choose))  # type: ignore[arg-type]  # all of one
    served_ = Visitor(giving_way).client.get(address)
    assert (served_.status_code, choose()) == (200, address)


class GivingWay:
    """The objects, where something happens just before the first of them is read."""

    def __init__(self, hub: Hub, first: Callable[[], object]) -> None:
        self._objects, self._waiting = hub.objects, [first]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._objects, name)

    def read(self, key: str) -> bytes:
        while self._waiting:
            self._waiting.pop()()
        return self._objects.read(key)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"<svg onload='alert(1)'/>", "Choose a PNG"),
        (b"", "Choose a PNG"),
        (bytes(3 << 20), "at most 2 MB"),
    ],
)
def test_a_picture_that_cannot_be_used_says_why(
    visitor: Visitor, content: bytes, sentence: str
) -> None:
    refused = uploads(visitor, content)
    assert refused.status == 400
    assert sentence in refused.text


def test_the_chosen_part_of_a_picture_is_kept(visitor: Visitor, hub: Hub) -> None:
    """Left half red, right half blue: the part decides; what lies outside is moved in."""
    picture = Image.new("RGB", (200, 100), "red")
    picture.paste("blue", (100, 0, 200, 100))
    out = io.BytesIO()
    picture.save(out, "PNG")

    def shown(**part: str) -> tuple[int, ...]:
        fields = visitor.open(PROFILE).hidden(PICTURE) | {f"crop_{k}": v for k, v in part.items()}
        sent = visitor.client.post(PICTURE, data=fields, files={"picture": ("a", out.getvalue())})
        assert sent.status_code == 303, sent.text
        public = f"/avatars/{person(hub, 'li-wei').public_id}.svg"
        square = visitor.client.get(visitor.client.get(public).headers["location"]).content
        with Image.open(io.BytesIO(square)) as opened:
            colour = opened.convert("RGB").getpixel((128, 128))
        assert isinstance(colour, tuple)
        return tuple(int(one) // 200 for one in colour)

    assert shown(left="0", top="0", size="90") == (1, 0, 0)
    assert shown(left="110", top="5", size="90") == (0, 0, 1)
    assert shown(left="900000", top="900000", size="900000") == (0, 0, 1)
    hidden = visitor.open(PROFILE).hidden(PICTURE)
    for wrong in ({"crop_left": "-1"}, {"crop_left": "1", "crop_top": "1"}, {"crop_size": "9e9"}):
        refused = visitor.client.post(
            PICTURE, data=hidden | wrong, files={"picture": ("a", out.getvalue())}
        )
        assert refused.status_code == 400
        assert "Enter whole numbers" in refused.text


def test_a_page_of_ones_own_is_shown_and_cannot_act(visitor: Visitor, hub: Hub) -> None:
    evil = "# Me\n\n<script>alert(1)</script> [x](javascript:alert(1)) <img src=x onerror=y>"
    saved = visitor.submit(
        PROFILE, PROFILE, full_name="Li Wei", readme=evil, interests="maps, old maps"
    )
    assert saved.status == 303
    shown = Visitor(hub).open("/li-wei").text
    assert "maps, old maps" in shown
    page = shown.partition('class="prose')[2].partition("</article>")[0]
    assert "<h" in page
    for danger in ("<script", 'href="javascript', "onerror"):
        assert danger not in page
    too_long = visitor.submit(PROFILE, PROFILE, full_name="Li Wei", readme="x" * 20_001)
    assert "Use at most 20,000 characters." in too_long.text


def test_an_address_is_public_only_when_its_owner_says_so(visitor: Visitor, hub: Hub) -> None:
    """Li may show her own address; neither bob's nor one that she has not confirmed."""
    made(hub, "bob", password=None)
    mine = "li-wei@example.com"
    assert mine not in Visitor(hub).open("/li-wei").text
    for other in ("bob@example.org", "nobody@example.org"):
        refused = visitor.submit(PROFILE, PROFILE, full_name="Li", public_email=other)
        assert refused.status == 400
        assert "Choose one of your confirmed addresses." in refused.text
    assert visitor.submit(PROFILE, PROFILE, full_name="Li", public_email=mine).status == 303
    assert f"mailto:{mine}" in Visitor(hub).open("/li-wei").text
    with calling(hub) as call, working(call) as work:  # she loses the address
        release(work, person(hub, "li-wei").id, mine)
        assert claim(work, person(hub, "bob").id, email=mine, key=mine)  # and it is bob's now
    assert mine not in Visitor(hub).open("/li-wei").text


def test_a_form_of_another_site_changes_no_picture(visitor: Visitor) -> None:
    answer = visitor.client.post(
        PICTURE, data={"csrf_token": "forged"}, files={"picture": ("me.png", drawn())}
    )
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "body", [b"", b"--x\r\n", b"--x\r\nContent-Disposition: form-data\r\n\r\n"]
)
def test_a_broken_form_is_refused_with_words(visitor: Visitor, body: bytes) -> None:
    kind = {"content-type": "multipart/form-data; boundary=x"}
    assert visitor.client.post(PICTURE, content=body, headers=kind).status_code == 400


def test_a_username_changes_and_the_old_address_leads_on(visitor: Visitor, hub: Hub) -> None:
    done = visitor.submit("/settings/account", RENAME, username="wei")
    assert done.place == "/settings/account"
    assert person(hub, "wei").name == "wei"
    old = visitor.open("/li-wei?tab=models")
    assert (old.status, old.place) == (307, "/wei?tab=models")
    assert visitor.open("/wei").status == 200
    other_case = visitor.open("/WEI?tab=models")
    assert (other_case.status, other_case.place) == (307, "/wei?tab=models")
    assert [visitor.open("/WEI/one").status, visitor.open("/nobody").status] == [404, 404]


def test_a_username_that_cannot_be_had_says_why(visitor: Visitor, hub: Hub) -> None:
    made(hub, "bob1", password=None)
    for name, words in (("bob1", "bob1 is taken."), ("bobl", "bobl looks too much like another")):
        page = visitor.submit("/settings/account", RENAME, username=name)
        assert page.status == 400
        assert words in page.text
        assert f'value="{name}"' in page.text
    free = visitor.client.get("/api/username-availability?name=liwei").json()
    assert free["available"] is True  # it looks like nobody's but the visitor's own


def test_who_never_confirmed_may_fill_in_a_profile_and_leave(hub: Hub) -> None:
    visitor = Visitor(hub)
    visitor.join("first-becomes-admin")
    visitor = Visitor(hub)
    visitor.join("mallory")
    assert visitor.submit(PROFILE, PROFILE, full_name="M.").place == PROFILE

    other = visitor.submit(DELETE, DELETE, confirm_name="alice")
    assert other.status == 400
    assert people(hub) == 2
    gone = visitor.submit(DELETE, DELETE, confirm_name="mallory")
    assert (gone.status, gone.place) == (303, "/")
    assert people(hub) == 1
    assert visitor.open(PROFILE).status in {303, 401}


def test_a_confirmed_account_is_not_deleted_at_once(visitor: Visitor, hub: Hub) -> None:
    assert "can change your mind for a week" in visitor.open("/settings/account").text
    assert visitor.submit(DELETE, DELETE, confirm_name="li-wei").place == "/settings/account"
    assert people(hub) == 1


@pytest.mark.parametrize("language", ["en-US", "zh-CN"])
def test_the_part_is_chosen_on_the_whole_screen_of_a_phone(hub: Hub, language: str) -> None:
    """Half red, half blue: the card shows at once what the saved picture will be."""
    confirmed(hub, "li-wei")
    picture = Image.new("RGB", (400, 200), "red")
    picture.paste("blue", (200, 0, 400, 200))
    out = io.BytesIO()
    picture.save(out, "PNG")
    with served(hub) as base, chromium() as browser:
        context = browser.new_context(locale=language, viewport={"width": 360, "height": 640})
        page = context.new_page()
        page.goto(f"{base}/login")
        page.fill("[name=username]", "li-wei")
        page.fill("[name=password]", PASSWORD)
        page.click("main button[type=submit]")
        page.wait_for_url(f"{base}/")
        page.goto(f"{base}{PROFILE}")
        page.set_input_files(
            "#strata-picture", {"name": "a.png", "mimeType": "image/png", "buffer": out.getvalue()}
        )
        box = page.locator("dialog.crop")
        box.wait_for(state="visible")
        assert box.bounding_box() == {"x": 0, "y": 0, "width": 360, "height": 640}
        for _ in range(30):
            page.keyboard.press("Shift+ArrowRight")
        assert page.input_value("#strata-crop_left") == "200"
        for typed, kept in (("120", "120"), ("9000", "200"), ("150", "150"), ("", "200")):
            page.fill("#strata-crop_size", typed)
            page.keyboard.press("Tab")
            assert page.input_value("#strata-crop_size") == kept
        page.fill("#strata-crop_left", "200")
        assert violations(page, WCAG) == []
        page.click("[data-crop-done]")
        assert not box.is_visible()
        corner = "c => [...c.getContext('2d').getImageData(5, 5, 1, 1).data]"
        shown = page.locator("[data-preview] canvas.avatar").evaluate(corner)
        assert shown == [0, 0, 255, 255]
        page.click(f"form[action='{PICTURE}'] button[type=submit]")
        page.wait_for_selector("img.avatar")
        context.close()
    public = f"/avatars/{person(hub, 'li-wei').public_id}.svg"
    visitor = Visitor(hub)
    square = visitor.client.get(visitor.client.get(public).headers["location"]).content
    with Image.open(io.BytesIO(square)) as opened:
        left = opened.convert("RGB").getpixel((8, 128))
    assert isinstance(left, tuple)
    assert left[2] > 200 > left[0]


def test_the_account_page_sums_up_plan_and_password(
    hub: Hub, visitor: Visitor, clock: FrozenClock
) -> None:
    page = visitor.open(ACCOUNT).text
    for words in ("Free", "0 B of 100.0 GiB", "0 B of 20.0 GiB", "/settings/billing"):
        assert words in page
    assert "/settings/authentication#password-title" in page
    chosen = clock()
    clock.advance(timedelta(hours=11))
    for place in (ACCOUNT, "/settings/authentication"):
        told = visitor.open(place).text.partition("password-title")[2]
        assert f'Set <time datetime="{chosen.isoformat()}"' in told
    with calling(hub) as call, working(call) as work:
        grants.make(work, "Lab", {"private_bytes": 1 << 40})
        li = names.Namespace(person(hub, "li-wei").id, "li-wei", names.Kind.USER)
        grants.assign(work, li, "Lab", clock() + timedelta(days=30))
    page = visitor.open(ACCOUNT).text
    for words in ("Lab", "0 B of 1.0 TiB", "The plan ends on:"):
        assert words in page
