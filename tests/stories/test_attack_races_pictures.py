"""A picture that is shown has its bytes, whatever is chosen, removed and swept at the same time."""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache, partial
from typing import Any

import pytest
import sqlalchemy as sa
from PIL import Image

from fixtures.accounts import calling, made, person
from fixtures.hubs import FrozenClock
from fixtures.organizations import organization, today
from fixtures.races import beside, called, held_open, worked
from strata.accounts.profile import picture
from strata.accounts.profile.soundness import sweep_pictures
from strata.accounts.profile.tables import profiles
from strata.app.hub import JOBS
from strata.core.actor import Actor
from strata.core.call import Call, Work
from strata.core.errors import NotFound
from strata.core.hub import Hub
from strata.credentials.oauth import apps
from strata.credentials.oauth.making import logos, operator, own, shelf
from strata.credentials.oauth.making.description import Described
from strata.events.jobs import run_due
from strata.lib.objects.store import ObjectFacts
from strata.lib.pictures.shelf import Shelf
from strata.lib.pictures.worker import NAMES
from strata.membership.closing import gone
from strata.organizations import logo
from strata.repos.owning.ending import delete_organization

Act = Callable[[Call], object]


@pytest.fixture
def hub(each_hub: Hub) -> Hub:
    return each_hub


@dataclass(frozen=True)
class Owner:
    """Who has a picture: how it is chosen and removed, and how others see it."""

    folder: str
    actor: Actor
    choose: Callable[[Call, bytes], object]
    remove: Act
    file: Callable[[Call], str | None]
    square: Callable[[Call, str], bytes | None]


def a_person(hub: Hub, alice: Actor) -> Owner:
    user = person(hub, "alice")
    return Owner(
        picture.FOLDER,
        alice,
        lambda call, content: picture.change_picture(call, user.id, content),
        lambda call: picture.remove_picture(call, user.id),
        lambda call: picture.shown_file(call, user.public_id),
        picture.square,
    )


def an_organization(hub: Hub, alice: Actor) -> Owner:
    acme = organization(hub, "alice")
    return Owner(
        picture.FOLDER,
        alice,
        lambda call, content: logo.change_logo(call, acme, content),
        lambda call: logo.remove_logo(call, acme),
        lambda call: logo.shown_logo(call, acme.public_id),
        logo.logo_square,
    )


def an_application(hub: Hub, alice: Actor) -> Owner:
    described = Described("Reader", redirect_uris=("https://reader.example/",), scopes=("openid",))
    app_made: Any = worked(hub, alice, partial(own.create, described=described, confidential=False))
    client_id = app_made.app.client_id

    def file(call: Call) -> str | None:
        app = apps.find(call, client_id)
        return app.logo_path.rpartition("/")[2] or None if app else None

    return Owner(
        shelf.FOLDER,
        alice,
        lambda call, content: logos.change(call, client_id, content),
        lambda call: logos.remove(call, client_id),
        file,
        logos.square_of,
    )


@cache
def drawn(colour: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (16, 16), colour).save(out, "PNG")
    return out.getvalue()


def act(owner: Owner, what: str) -> Act:
    """Choose a colour, or remove the picture."""
    if what == "remove":
        return owner.remove
    return lambda call: owner.choose(call, drawn(what))


def shown_colour(hub: Hub, owner: Owner) -> str:
    """What everybody sees; all that is kept is what they see."""
    with calling(hub) as call:
        file = owner.file(call)
        kept = [facts.key for facts in hub.objects.keys(owner.folder)]
        if file is None:
            assert kept == []
            return "drawn"
        assert len(kept) == len(NAMES)
        address = file.partition(".")[0]
        squares = [owner.square(call, f"{address}.{name}") for name in NAMES]
    assert None not in squares
    with Image.open(io.BytesIO(squares[-1] or b"")) as square:
        red, _, blue, *_ = square.convert("RGB").getpixel((8, 8))  # type: ignore[misc]
    return "red" if red > blue else "blue"


SAME_AGAIN = [("red", "remove"), ("remove", "red"), ("red", "red")]
STORIES = [
    *((a_person, *both) for both in (*SAME_AGAIN, ("red", "blue"), ("blue", "red"))),
    *((an_organization, *both) for both in SAME_AGAIN[:2]),
    *((an_application, *both) for both in SAME_AGAIN[:2]),
]


@pytest.mark.slow
@pytest.mark.parametrize(("whose", "first", "second"), STORIES)
def test_of_two_at_once_the_later_one_holds_and_nothing_else_is_kept(
    hub: Hub,
    whose: Callable[[Hub, Actor], Owner],
    first: str,
    second: str,
) -> None:
    """The picture is red before."""
    owner = whose(hub, made(hub, "alice"))
    called(hub, owner.actor, act(owner, "red"))
    later = partial(called, hub, owner.actor, act(owner, second))
    assert held_open(hub, act(owner, first), later, by=owner.actor) == (None, None)
    assert shown_colour(hub, owner) == ("drawn" if second == "remove" else second)


def erased(hub: Hub, alice: Actor) -> tuple[Owner, Callable[[Work], object]]:
    user = person(hub, "alice")
    return a_person(hub, alice), lambda work: gone.delete(work, user)


def ended(hub: Hub, alice: Actor) -> tuple[Owner, Callable[[Work], object]]:
    owner = an_organization(hub, alice)
    return owner, lambda work: delete_organization(work, "acme", "acme")


def dropped(hub: Hub, alice: Actor) -> tuple[Owner, Callable[[Work], object]]:
    owner = an_application(hub, alice)

    def remove(work: Work) -> None:
        for app in apps.of_owner(work, alice.user_id or 0):
            operator.remove(work, app.client_id)

    return owner, remove


@pytest.mark.parametrize("going", [erased, ended, dropped])
@pytest.mark.parametrize("what", ["red", "remove"])
def test_who_is_deleted_at_this_moment_is_seen_with_no_picture_and_none_is_kept(
    hub: Hub,
    going: Callable[[Hub, Actor], tuple[Owner, Callable[[Work], object]]],
    what: str,
) -> None:
    """It is blue before."""
    alice = made(hub, "alice")
    owner, end = going(hub, alice)
    called(hub, owner.actor, act(owner, "blue"))
    ending = replace(today(hub, alice), session_id=0, proved_until=hub.clock() + timedelta(hours=1))
    late = beside(hub, end, lambda: called(hub, owner.actor, act(owner, what)), by=ending)
    assert isinstance(late, NotFound), late
    run_due(hub, JOBS)
    with calling(hub) as call:
        assert owner.file(call) is None
        assert call.db.scalars(sa.select(profiles.c.picture)).all() == []
    assert list(hub.objects.keys(owner.folder)) == []


class Listing:
    """The objects, where something happens between the listing and what is done with it."""

    def __init__(self, hub: Hub, then: Callable[[], object]) -> None:
        self._objects, self._then = hub.objects, then

    def __getattr__(self, name: str) -> Any:
        return getattr(self._objects, name)

    def keys(self, prefix: str = "") -> Iterator[ObjectFacts]:
        listed = list(self._objects.keys(prefix))
        self._then()
        return iter(listed)


@pytest.mark.slow
@pytest.mark.parametrize("sweep_first", [True, False])
def test_a_sweep_takes_no_picture_that_is_chosen_again_meanwhile(
    hub: Hub,
    clock: FrozenClock,
    sweep_first: bool,  # noqa: FBT001
) -> None:
    """A crash left the red one behind, long ago; alice chooses red just then."""
    owner = a_person(hub, made(hub, "alice"))
    left = Shelf(hub.objects, picture.FOLDER)
    left.keep(person(hub, "alice").public_id, picture.squares_in(drawn("red")))
    clock.advance(timedelta(days=2))
    choose = partial(called, hub, owner.actor, act(owner, "red"))
    if sweep_first:
        slow = replace(hub, objects=Listing(hub, choose))
        with calling(slow) as call:
            assert sweep_pictures(call, delete=True) == len(NAMES)
    else:
        choose()
        with calling(hub) as call:
            assert sweep_pictures(call, delete=True) == len(NAMES)
    assert shown_colour(hub, owner) == "red"
