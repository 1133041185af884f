"""What an application shows of itself, and what its owner sees of its use (product §2.2 P16)."""

import io
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from PIL import Image

from doors.pages.applications import CONNECTED, LIST, NEW, address, answered, decided
from doors.pages.logos import picture
from doors.pages.visitors import Page, Visitor, confirmed
from fixtures.accounts import calling
from fixtures.hubs import FrozenClock
from fixtures.oauth import CALLBACK, VERIFIER, application
from strata.core.call import working
from strata.core.hub import Hub
from strata.credentials.oauth import apps
from strata.credentials.oauth.apps import App
from strata.credentials.oauth.authorizing import codes
from strata.credentials.oauth.device import starting
from strata.credentials.oauth.making import logos
from strata.credentials.oauth.tables import oauth_apps
from strata.lib.pictures.worker import NAMES

LOGO = re.compile(r"/oauth/logos/[0-9a-f-]{36}-[0-9a-f]{32}\.256\.webp")


@pytest.fixture
def ana(hub: Hub) -> Iterator[Visitor]:
    application(hub)
    visitor = confirmed(hub, "ana")
    with visitor.client:
        yield visitor


def own_application(visitor: Visitor, hub: Hub) -> App:
    """Have somebody make a public application; it logs people in with device codes, too."""
    fields = {"name": "My site", "kind": "public", "redirect_uris": CALLBACK, "device_flow": "on"}
    visitor.submit(NEW, NEW, **fields, **{"scope-openid": "on", "scope-profile": "on"})
    with calling(hub) as call:
        return next(one for one in apps.everyone(call) if one.name == "My site")


def give_logo(visitor: Visitor, app: App, content: bytes) -> Page:
    here = f"{LIST}/{app.client_id}"
    proof = visitor.open(here).hidden(f"{here}/logo")
    files = {"logo": ("logo.png", content)}
    return Page(visitor.client.post(f"{here}/logo", data=proof, files=files))


def test_a_logo_is_shown_to_whom_the_application_asks(ana: Visitor, hub: Hub) -> None:
    app = own_application(ana, hub)
    here = f"{LIST}/{app.client_id}"
    given = give_logo(ana, app, picture())
    assert (given.status, given.place) == (303, here)
    (shown,) = set(LOGO.findall(ana.open(here).text))

    bob = confirmed(hub, "bob")
    assert shown in bob.open(address(app.client_id)).text
    with calling(hub) as call:
        shown_code = starting.start(call, apps.Credentials(app.client_id), "").user_code
    card = bob.submit("/device", "/device", user_code=shown_code)
    assert shown in card.text
    bob.send("/device", card.hidden("/device") | {"decision": "allow"})
    assert shown in bob.open(CONNECTED).text
    assert shown in ana.open(LIST).text

    served = Visitor(hub).client.get(shown)
    assert (served.status_code, served.headers["content-type"]) == (200, "image/webp")
    assert "sandbox" in served.headers["content-security-policy"]
    assert "immutable" in served.headers["cache-control"]
    with Image.open(io.BytesIO(served.content)) as square:
        assert square.size == (256, 256)

    give_logo(ana, app, picture("blue"))
    (other,) = set(LOGO.findall(ana.open(here).text))
    assert other != shown
    assert Visitor(hub).client.get(shown).status_code == 404
    gone = ana.submit(here, f"{here}/logo/remove")
    assert gone.place == here
    assert not LOGO.findall(ana.open(here).text)
    assert Visitor(hub).client.get(other).status_code == 404


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "Choose a PNG, JPEG"),
        (b"\x89PNG\r\n\x1a\n" + b"x" * (2 * 1024 * 1024), "2 MB"),
    ],
)
def test_what_is_no_picture_becomes_no_logo(
    ana: Visitor, hub: Hub, content: bytes, sentence: str
) -> None:
    app = own_application(ana, hub)
    page = give_logo(ana, app, content)
    assert sentence in page.text, page.text[-3000:]
    assert not LOGO.findall(page.text)


def test_the_same_logo_has_the_same_address_and_an_earlier_release_had_another(
    ana: Visitor, hub: Hub
) -> None:
    app = own_application(ana, hub)
    here = f"{LIST}/{app.client_id}"
    earlier = "c" * 32  # such a release named logos with random numbers, and its rows say so
    for name in NAMES:
        hub.objects.put(f"logos/cc/{earlier}.{name}", b"as it was")
    with calling(hub) as call, working(call) as work:
        work.db.execute(sa.update(oauth_apps).values(picture=earlier))
    old = f"/oauth/logos/{earlier}.256.webp"
    assert old in ana.open(here).text
    assert Visitor(hub).client.get(old).content == b"as it was"
    shown = set()
    for _ in range(2):
        give_logo(ana, app, picture())
        shown.update(LOGO.findall(ana.open(here).text))
    assert len(shown) == 1
    assert Visitor(hub).client.get(shown.pop()).headers["content-type"] == "image/webp"
    assert Visitor(hub).client.get(old).status_code == 404


def test_a_stranger_gives_no_logo(ana: Visitor, hub: Hub) -> None:
    app = own_application(ana, hub)
    bob = confirmed(hub, "bob")
    here = f"{LIST}/{app.client_id}"
    proof = bob.open(NEW).hidden(NEW)
    refused = bob.client.post(f"{here}/logo", data=proof, files={"logo": ("l.png", picture())})
    assert refused.status_code == 404
    assert bob.send(f"{here}/logo/remove", proof).status == 404
    assert not LOGO.findall(ana.open(here).text)
    for file in (
        f"{'0' * 32}.256.webp",
        f"{app.client_id}-{'0' * 32}.256.webp",
        "..%2f..%2fstrata.db",
        "x",
    ):
        assert bob.client.get(f"/oauth/logos/{file}").status_code == 404


def test_the_owner_sees_numbers_and_no_names(ana: Visitor, hub: Hub, clock: FrozenClock) -> None:
    app = own_application(ana, hub)
    here = f"{LIST}/{app.client_id}"
    assert "The last twelve weeks" not in ana.open(here).text
    credentials = apps.Credentials(app.client_id)
    bob, cleo = confirmed(hub, "bob"), confirmed(hub, "cleo")
    for visitor in (bob, cleo):
        code = answered(decided(visitor, address(app.client_id), "allow"))["code"]
        with calling(hub) as call:
            codes.redeem(call, codes.Redemption(credentials, code, CALLBACK, VERIFIER))
    clock.advance(timedelta(hours=1))
    page = ana.open(here)
    assert facts_of(page) == {"Let in by": "2 people", "Working tokens": "2"}
    weeks = weeks_of(page)
    assert [week[1:] for week in weeks] == [("2", "2")]
    assert "bob" not in page.text
    assert "cleo" not in page.text
    # Who shuts it out is no longer counted among its people; what happened, happened.
    cleo.submit(f"{CONNECTED}/{app.client_id}/revoke", f"{CONNECTED}/{app.client_id}/revoke")
    clock.advance(timedelta(days=7))
    ana.log_in("ana")
    page = ana.open(here)
    assert facts_of(page) == {"Let in by": "1 person", "Working tokens": "0"}
    assert weeks_of(page) == weeks


def facts_of(page: Page) -> dict[str, str]:
    pairs = re.findall(r"<dt>([^<]+)</dt><dd>([^<]+)</dd>", page.text)
    return {name: said for name, said in pairs if name in ("Let in by", "Working tokens")}


def weeks_of(page: Page) -> list[tuple[str, str, str]]:
    cell = r"<td[^>]*>(\d+)</td>"
    return re.findall(rf'<th scope="row">([^<]+)</th>{cell}{cell}', page.text)


def test_logos_that_no_application_shows_are_swept_away(
    ana: Visitor, hub: Hub, clock: FrozenClock
) -> None:
    app = own_application(ana, hub)
    give_logo(ana, app, picture())
    (shown,) = set(LOGO.findall(ana.open(f"{LIST}/{app.client_id}").text))
    clock.advance(timedelta(days=2))
    with calling(hub) as call:
        assert logos.sweep(call, delete=True) == 0
    ana.log_in("ana")
    ana.submit(f"{LIST}/{app.client_id}/delete", f"{LIST}/{app.client_id}/delete")
    assert Visitor(hub).client.get(shown).status_code == 404
    with calling(hub) as call:
        strays = logos.sweep(call, delete=False)
        assert strays > 0
        assert logos.sweep(call, delete=True) == strays  # it only counted
        assert logos.sweep(call, delete=True) == 0
