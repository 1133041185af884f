"""The server's secret: what it seals is told to nobody, and it can be changed for another one."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pyotp
import pytest
import sqlalchemy as sa

from fixtures.accounts import calling, made
from fixtures.hubs import START, FrozenClock, build_test_hub
from strata.accounts.factors import totp
from strata.accounts.factors.tables import authenticators
from strata.app.sealed import SEALED
from strata.core import instance, sealing
from strata.core.call import working
from strata.core.hub import Hub
from strata.core.secrets import Secrets
from strata.core.settings.refusal import BadSettings
from strata.migrations.schema import metadata
from strata.sessions.signed_in import sessions

OLD, NEW, OTHER = (Secrets(bytes([number]) * 32) for number in (1, 2, 3))
BOTH = replace(NEW, former=(OLD.root,))
# Bytes that are no secret; those of Xet are hashes.
PLAIN = {"gpg_keys.blob", "passkeys.public_key"}
# Sealed with a key that a browser has a part of; sealed anew at a start.
ELSEWHERE = {"pending_sign_ups.sealed", "instance.lasting"}


@pytest.fixture
def hub(tmp_path: Path, clock: FrozenClock) -> Iterator[Hub]:
    """Give a hub on one database: what is looked at here happens in this process."""
    built = build_test_hub(tmp_path / "data", clock=clock)
    yield built
    built.database.close()


def test_a_sealed_text_tells_nothing_and_cannot_be_changed() -> None:
    sealed = OLD.seal("a", "the secret")

    assert b"secret" not in sealed
    assert OLD.unseal("a", sealed) == "the secret"
    assert OLD.unseal("b", sealed) is None  # each purpose has its own key
    assert OTHER.unseal("a", sealed) is None
    for place in range(len(sealed)):
        spoiled = bytes(byte ^ (at == place) for at, byte in enumerate(sealed))
        assert OLD.unseal("a", spoiled) is None
    for length in range(len(sealed)):
        assert OLD.unseal("a", sealed[:length]) is None


def test_no_two_seals_share_a_nonce() -> None:
    assert len({OLD.seal("a", "the same")[5:17] for _ in range(200)}) == 200


def test_a_former_secret_still_reads_and_writes_nothing() -> None:
    sealed, ticket = OLD.seal("a", "text"), OLD.sign("a", 7, expires=START + timedelta(hours=1))

    assert BOTH.unseal("a", sealed) == "text"
    assert BOTH.verify("a", ticket, int, now=START) == 7
    assert not BOTH.is_newest(sealed)
    assert OLD.unseal("a", BOTH.seal("a", "text")) is None
    assert OLD.verify("a", BOTH.sign("a", 7, expires=START), int, now=START) is None
    assert NEW.verify("a", ticket, int, now=START) is None  # once the former one is taken away


def test_no_secret_shows_in_a_trace() -> None:
    assert repr(OLD.root) not in repr(replace(BOTH, lasting=OLD.root))


def test_another_secret_logs_nobody_out_and_loses_no_authenticator(hub: Hub) -> None:
    hub = replace(hub, secrets=started(hub, OLD))
    ana = made(hub, "ana")
    with calling(hub, ana) as call, working(call) as work:
        cookie = sessions.start(work, ana.user_id or 0, admin=False, remember=False).cookie
        totp.begin(work, ana.user_id or 0)
        waiting = totp.setting_up(work, ana.user_id or 0, "ana")
        assert waiting is not None
        assert totp.confirm(work, ana.user_id or 0, pyotp.TOTP(waiting.secret).at(START))

    changed = replace(hub, secrets=started(hub, BOTH))
    with calling(changed) as call, working(call) as work:
        assert sessions.actor_for_session(work.db, changed, cookie) is not None
        assert [sealing.stand(work, one).former for one in SEALED] == [1, 0, 0, 0]
        assert sum(sealing.renew(work, one) for one in SEALED) == 1
        assert sum(sealing.renew(work, one) for one in SEALED) == 0

    without = replace(hub, secrets=started(hub, NEW))  # the former one is named no more
    with calling(without) as call:
        assert sessions.actor_for_session(call.db, without, cookie) is not None
        sealed = call.db.execute(sa.select(authenticators.c.sealed)).scalar_one()
        assert without.secrets.unseal(totp.PURPOSE, sealed) == waiting.secret


def test_a_secret_that_is_not_the_one_of_the_database_is_refused(hub: Hub) -> None:
    digest = started(hub, OLD).digest("token", "x")

    with pytest.raises(BadSettings, match="STRATA_FORMER_SECRET_KEYS"):
        started(hub, OTHER)
    assert started(hub, OLD).digest("token", "x") == digest

    instance.forget_lasting(hub.database)
    assert started(hub, OTHER).digest("token", "x") != digest


def test_every_column_of_bytes_is_known_to_be_sealed_or_no_secret() -> None:
    named = {f"{one.table.name}.{one.column.name}" for one in SEALED}
    found = {
        f"{table.name}.{column.name}"
        for table in metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, sa.LargeBinary) and not table.name.startswith(("xet_", "xorbs"))
    }

    assert found == named | PLAIN | ELSEWHERE


def started(hub: Hub, held: Secrets) -> Secrets:
    """What a hub that starts with these secrets works with."""
    instance.key_of(hub.database)
    return instance.with_lasting(hub.database, held)
