"""What people say of themselves, their picture, and the names they had."""

import io
from datetime import timedelta

import pytest
from PIL import Image

from fixtures.accounts import calling, fact_names, joined, made, person
from fixtures.contents import created
from fixtures.hubs import FrozenClock
from strata.accounts.naming import former, names
from strata.accounts.profile.details import Details, change_details, details_of
from strata.accounts.profile.picture import (
    change_picture,
    point,
    remove_picture,
    shown_file,
    square,
)
from strata.accounts.profile.soundness import sweep_pictures
from strata.core.actor import ANONYMOUS, Actor
from strata.core.call import working
from strata.core.errors import InvalidFields, Moved, RepoNotFound
from strata.core.hub import Hub
from strata.core.names import RepoId, RepoType
from strata.lib.pictures.worker import NAMES
from strata.membership.confirming import unconfirmed
from strata.repos.lookup import lookup
from strata.repos.owning.follow import rename_account
from strata.repos.record import Repo


def rename(hub: Hub, actor: Actor, name: str) -> None:
    with calling(hub, actor) as call, working(call) as work:
        account = names.find(work, actor.name or "")
        assert account is not None
        rename_account(work, account, name)


def found(hub: Hub, repo_id: str, actor: Actor = ANONYMOUS) -> Repo:
    with calling(hub, actor) as call:
        return lookup(call, RepoId.parse(RepoType.MODEL, repo_id))


def drawn(colour: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (90, 70), colour).save(out, "PNG")
    return out.getvalue()


def test_what_was_said_is_kept_and_leads_where_it_should(hub: Hub) -> None:
    alice = made(hub, "alice")
    said = Details(bio="I lay\nstrata.", homepage="https://alice.example/a?b=c", github="alice")
    with calling(hub, alice) as call, working(call) as work:
        change_details(work, alice.user_id or 0, "Alice A.", said)

    with calling(hub) as call:
        assert details_of(call, alice.user_id or 0) == said
    assert said.links == (
        ("homepage", "alice.example", "https://alice.example/a?b=c"),
        ("github", "alice", "https://github.com/alice"),
    )
    assert person(hub, "alice").full_name == "Alice A."
    assert fact_names(hub)[-1] == "account.profile_update"


@pytest.mark.parametrize(
    ("field", "value", "key"),
    [
        ("bio", "x" * 501, "bio.too_long"),
        ("homepage", "javascript:alert(1)", "homepage.invalid"),
        ("homepage", "https://", "homepage.invalid"),
        ("homepage", "https://a@b.example/", "homepage.invalid"),
        ("homepage", "https://[::1", "homepage.invalid"),
        ("github", "https://github.com/alice", "handle.invalid"),
        ("x", "a b", "handle.invalid"),
        ("affiliation", "<b>", "full_name.invalid"),
    ],
)
def test_what_cannot_stand_in_a_profile_is_refused(
    hub: Hub, field: str, value: str, key: str
) -> None:
    alice = made(hub, "alice")
    with (
        pytest.raises(InvalidFields) as refused,
        calling(hub, alice) as call,
        working(call) as work,
    ):
        change_details(work, alice.user_id or 0, "Alice", Details(**{field: value}))
    assert refused.value.fields == {field: (key,)}


@pytest.mark.slow
def test_a_picture_replaces_the_last_one_and_its_files(hub: Hub) -> None:
    alice, public_id = made(hub, "alice"), person(hub, "alice").public_id
    with calling(hub, alice) as call:
        change_picture(call, alice.user_id or 0, drawn("red"))
        first = shown_file(call, public_id)
        change_picture(call, alice.user_id or 0, drawn("blue"))
        second = shown_file(call, public_id)
        assert first is not None
        assert second is not None
        assert square(call, first) is None
        assert square(call, second) is not None
        remove_picture(call, alice.user_id or 0)
        assert shown_file(call, public_id) is None
    assert list(hub.objects.keys("avatars")) == []


@pytest.mark.slow
def test_a_picture_that_is_none_changes_nothing(hub: Hub) -> None:
    alice, public_id = made(hub, "alice"), person(hub, "alice").public_id
    with calling(hub, alice) as call:
        change_picture(call, alice.user_id or 0, drawn("red"))
        before = shown_file(call, public_id)
        with pytest.raises(InvalidFields) as refused:
            change_picture(call, alice.user_id or 0, b"<svg/>")
        assert refused.value.fields == {"picture": ("picture.unreadable",)}
        assert shown_file(call, public_id) == before


@pytest.mark.slow
def test_the_picture_of_an_unconfirmed_account_is_nobodys_to_see(hub: Hub) -> None:
    mallory = joined(hub, "mallory")
    with calling(hub) as call:
        change_picture(call, mallory.user_id, drawn("red"))
        assert shown_file(call, person(hub, "mallory").public_id) is None


@pytest.mark.slow
def test_pictures_of_removed_accounts_go_and_all_others_stay(hub: Hub, clock: FrozenClock) -> None:
    alice = made(hub, "alice", admin=True)
    joined(hub, "mallory")
    mallory = person(hub, "mallory")
    with calling(hub) as call:
        for user_id in (alice.user_id or 0, mallory.id):
            change_picture(call, user_id, drawn("red"))
        with working(call) as work:
            assert unconfirmed.leave(work, mallory.id)
        assert sweep_pictures(call, delete=True) == 0, "perhaps its row is on its way"
    clock.advance(timedelta(days=400))  # also beyond the real time that files are stamped with
    with calling(hub) as call:
        assert sweep_pictures(call, delete=False) == 6
        assert sweep_pictures(call, delete=True) == 6
        assert sweep_pictures(call, delete=True) == 0
        file = shown_file(call, person(hub, "alice").public_id)
        assert file is not None
        assert square(call, file) is not None


def chosen(hub: Hub, actor: Actor, colour: str) -> str:
    """Have somebody choose a picture; the file that pages show."""
    with calling(hub, actor) as call:
        change_picture(call, actor.user_id or 0, drawn(colour))
        return str(shown_file(call, person(hub, actor.name or "").public_id))


@pytest.mark.slow
def test_the_same_picture_has_the_same_address_and_is_nobody_elses(hub: Hub) -> None:
    alice, bob = made(hub, "alice"), made(hub, "bob")
    of_bob, first, other, again = (
        chosen(hub, who, colour)
        for who, colour in ((bob, "red"), (alice, "red"), (alice, "blue"), (alice, "red"))
    )
    assert again == first != other
    assert first.partition("-")[2] == of_bob.partition("-")[2], "the hash is of the content alone"
    with calling(hub) as call:
        assert square(call, again) == square(call, of_bob) is not None
        assert square(call, other) is None
        remove_picture(call, alice.user_id or 0)
        assert square(call, again) is None, "whether bob has it is not said by alice's address"
        assert square(call, of_bob) is not None


@pytest.mark.slow
def test_a_picture_of_an_earlier_release_is_shown_until_it_is_replaced(hub: Hub) -> None:
    """Such a release named pictures with random numbers, and its rows say so."""
    alice, public_id = made(hub, "alice"), person(hub, "alice").public_id
    earlier = f"{public_id}-{'b' * 16}"
    for name in NAMES:
        hub.objects.put(f"avatars/{earlier[:2]}/{earlier}.{name}", b"as it was")
    with calling(hub) as call:
        with working(call) as work:
            point(work, alice.user_id or 0, earlier)
        assert shown_file(call, public_id) == f"{earlier}.256.webp"
        assert square(call, f"{earlier}.64.png") == b"as it was"
    now = chosen(hub, alice, "red")
    with calling(hub) as call:
        assert square(call, f"{earlier}.64.png") is None
        assert square(call, now) is not None
    assert len(list(hub.objects.keys("avatars"))) == len(NAMES)


def test_repos_follow_and_the_old_addresses_lead_there(hub: Hub) -> None:
    alice = made(hub, "alice")
    repo, hidden = created(hub, alice, "model"), created(hub, alice, "secret", private=True)

    rename(hub, alice, "Alice-2")

    assert found(hub, "alice-2/model").id == repo.id
    with pytest.raises(Moved) as moved:
        found(hub, "alice/model")
    assert moved.value.target == "Alice-2/model"
    with pytest.raises(RepoNotFound):  # a redirect reveals no private repo
        found(hub, "alice/secret")
    assert found(hub, "alice-2/secret", alice).id == hidden.id
    with calling(hub) as call:
        bearer = former.holder(call, "ALICE")
        assert bearer is not None
        assert bearer.name == "Alice-2"


def test_an_old_name_is_nobody_elses_for_half_a_year(hub: Hub, clock: FrozenClock) -> None:
    alice, bob = made(hub, "alice"), made(hub, "bob")
    rename(hub, alice, "alicia")

    with pytest.raises(InvalidFields):
        joined(hub, "alice")
    with pytest.raises(InvalidFields) as refused:
        rename(hub, bob, "alice")
    assert refused.value.fields == {"username": ("name.taken",)}

    clock.advance(timedelta(days=181))
    assert joined(hub, "alice", email="another@example.org").user_id != alice.user_id


def test_its_owner_may_take_the_old_name_back(hub: Hub) -> None:
    alice = made(hub, "alice")
    repo = created(hub, alice, "model", private=True)
    rename(hub, alice, "alicia")
    rename(hub, person_as_actor(hub, "alicia"), "alice")
    assert found(hub, "alice/model", alice).id == repo.id
    with calling(hub) as call:
        assert former.holder(call, "alice") is None


def test_only_the_casing_may_change(hub: Hub) -> None:
    alice = made(hub, "alice")
    repo = created(hub, alice, "model")
    rename(hub, alice, "Alice")
    assert found(hub, "alice/model").id == repo.id
    assert found(hub, "alice/model").full_name == "Alice/model"


def test_who_is_linked_to_renames_once_a_month(hub: Hub, clock: FrozenClock) -> None:
    alice = made(hub, "alice")
    created(hub, alice, "model")
    rename(hub, alice, "alicia")
    alicia = person_as_actor(hub, "alicia")
    with pytest.raises(InvalidFields) as refused:
        rename(hub, alicia, "aly")
    assert refused.value.fields == {"username": ("name.too_soon",)}
    assert refused.value.values == {"day": f"{clock() + timedelta(days=31):%Y-%m-%d}"}
    clock.advance(timedelta(days=31))
    rename(hub, alicia, "aly")
    assert found(hub, "aly/model").namespace == "aly"


@pytest.mark.parametrize(
    ("name", "key"),
    [("settings", "name.reserved"), ("a--b", "name.invalid"), ("bob", "name.taken")],
)
def test_a_name_that_breaks_a_rule_changes_nothing(hub: Hub, name: str, key: str) -> None:
    alice = made(hub, "alice")
    made(hub, "bob")
    with pytest.raises(InvalidFields) as refused:
        rename(hub, alice, name)
    assert refused.value.fields == {"username": (key,)}
    assert person(hub, "alice").id == alice.user_id


def test_an_unconfirmed_account_may_go_and_a_confirmed_one_stays(hub: Hub) -> None:
    alice, mallory = made(hub, "alice"), joined(hub, "mallory")
    with calling(hub) as call, working(call) as work:
        assert unconfirmed.leave(work, mallory.user_id)
        assert not unconfirmed.leave(work, alice.user_id or 0)
    assert joined(hub, "mallory").user_id != mallory.user_id
    assert person(hub, "alice").id == alice.user_id


def person_as_actor(hub: Hub, name: str) -> Actor:
    user = person(hub, name)
    return Actor(user_id=user.id, name=user.name, verified=True, session_id=0)
