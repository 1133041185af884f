"""Who has lost every second factor shows an operator who they are (product §3.12)."""

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from fixtures.accounts import calling, fact_names, inbox, made, person
from fixtures.hubs import FrozenClock
from fixtures.keys import SshPair, ssh_pair
from strata.accounts.tables import users
from strata.core.actor import Actor, TokenRole
from strata.core.call import working
from strata.core.errors import Malformed, TokenExpired
from strata.core.hub import Hub
from strata.credentials.keys import ssh
from strata.credentials.tokens import making
from strata.credentials.tokens.making import Terms
from strata.events.tables import facts
from strata.membership import identity
from strata.membership.identity import NAMESPACE, Proof
from strata.sessions.protecting import removal


@pytest.fixture
def alice(hub: Hub) -> Actor:
    return made(hub, "alice")


@pytest.fixture
def laptop(hub: Hub, alice: Actor, tmp_path: Path) -> SshPair:
    """A key that alice has added before."""
    return added(hub, alice, ssh_pair(tmp_path / "alice"))


def added(hub: Hub, who: Actor, pair: SshPair) -> SshPair:
    with calling(hub, who) as call, working(call) as work:
        ssh.add(work, "laptop", pair.public)
    return pair


def challenge(hub: Hub, name: str = "alice") -> str:
    with calling(hub) as call:
        return identity.challenge(call, person(hub, name))


def shown(hub: Hub, proof: Proof, name: str = "alice") -> str:
    with calling(hub) as call:
        return identity.require_shown(call, person(hub, name), proof)


def token_of(hub: Hub, who: Actor) -> str:
    with calling(hub) as call, working(call) as work:
        return making.create_for(work, who.user_id or 0, "ci", TokenRole.READ).value


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_key_of_the_account_signs_the_challenge(hub: Hub, laptop: SshPair, end: str) -> None:
    text = challenge(hub)
    signature = laptop.sign(f"{text}{end}".encode(), NAMESPACE)

    told = shown(hub, Proof(challenge=f"{text}\n", signature=signature))

    assert told == f"SSH key {laptop.fingerprint}"


def test_what_proves_nothing(hub: Hub, clock: FrozenClock, laptop: SshPair, tmp_path: Path) -> None:
    """Another's key, another purpose, another text, another's challenge, an old one."""
    mallory = made(hub, "mallory")
    theirs = added(hub, mallory, ssh_pair(tmp_path / "mallory"))
    unknown = ssh_pair(tmp_path / "nobody")
    text, for_mallory = challenge(hub), challenge(hub, "mallory")
    made_up = f"reset-2fa alice {for_mallory.rpartition(' ')[2]}"
    good = laptop.sign(text.encode(), NAMESPACE)
    attempts = [
        Proof(text, theirs.sign(text.encode(), NAMESPACE)),
        Proof(text, unknown.sign(text.encode(), NAMESPACE)),
        Proof(text, laptop.sign(text.encode(), "git")),  # a commit that says so
        Proof(text, laptop.sign(b"something else", NAMESPACE)),
        Proof(for_mallory, laptop.sign(for_mallory.encode(), NAMESPACE)),
        Proof(made_up, laptop.sign(made_up.encode(), NAMESPACE)),
        Proof("", good),
        Proof(text, "no signature"),
        Proof(text, good[:60]),
        Proof(),
        Proof(seen="x" * 201),
    ]
    for attempt in attempts:
        with pytest.raises(Malformed):
            shown(hub, attempt)
    assert shown(hub, Proof(text, good))
    clock.advance(identity.LIFE + timedelta(seconds=1))
    with pytest.raises(Malformed):
        shown(hub, Proof(text, good))


def test_a_valid_token_of_the_account_will_do(hub: Hub, clock: FrozenClock, alice: Actor) -> None:
    mallory = made(hub, "mallory")
    over = clock() + timedelta(days=1)

    assert shown(hub, Proof(token=f"{token_of(hub, alice)}\n")) == "token ci"
    for value in (token_of(hub, mallory), "hf_nothing", "-"):
        with pytest.raises(Malformed):
            shown(hub, Proof(token=value))
    with calling(hub) as call, working(call) as work:
        brief = making.create_for(
            work, alice.user_id or 0, "brief", TokenRole.READ, terms=Terms(expires_at=over)
        )
    clock.advance(timedelta(days=2))
    with pytest.raises(TokenExpired):
        shown(hub, Proof(token=brief.value))


@pytest.mark.usefixtures("alice")
def test_the_proof_stands_in_the_log_and_all_addresses_are_told(hub: Hub) -> None:
    with hub.database.writing() as db:
        db.execute(sa.update(users).values(has_factor=True))
    proof = shown(hub, Proof(seen="  came to the\n office "))
    with calling(hub) as call, working(call) as work:
        assert removal.reset_by_operator(work, person(hub, "alice"), proof) is None

    assert fact_names(hub)[-1] == "account.2fa_disable"
    with hub.database.reading() as db:
        detail = db.scalar(sa.select(facts.c.detail).order_by(facts.c.id.desc()).limit(1))
    assert detail == {"proof": "came to the office"}
    assert "is off" in inbox(hub, "alice@example.org")[-1].subject
    assert not person(hub, "alice").has_factor
