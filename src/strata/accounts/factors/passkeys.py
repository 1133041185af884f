"""Passkeys (WebAuthn level 2): kept, and asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
import webauthn
from webauthn.helpers import (
    base64url_to_bytes,
    bytes_to_base64url,
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
    structs,
)
from webauthn.helpers.exceptions import WebAuthnException

from strata.accounts.factors import challenges
from strata.accounts.factors.challenges import Use
from strata.accounts.factors.tables import passkeys
from strata.accounts.people import User
from strata.core.call import Call, Work
from strata.core.errors import InvalidFields, Malformed
from strata.events.facts import record
from strata.lib.db.statements import upsert

LONGEST_ANSWER: Final = 16 * 1024  # characters
LONGEST_NAME: Final = 60
MOST: Final = 25  # of one account
BAD: Final = "passkey.bad"
_WRONG: Final = (WebAuthnException, ValueError, KeyError, TypeError)
NO_PLACE: Final = "passkey.no_place"


@dataclass(frozen=True, slots=True)
class Passkey:
    """A passkey as its owner's list shows it."""

    id: int
    name: str
    created_at: datetime
    used_at: datetime | None


def options_to_add(call: Call, user: User, use: Use) -> str:
    """What `navigator.credentials.create` takes, as JSON."""
    verification = structs.UserVerificationRequirement.REQUIRED
    options = webauthn.generate_registration_options(
        rp_id=_place(call).host,
        rp_name=call.hub.settings.site_name,
        user_id=_handle(call, user.id),
        user_name=user.name,
        user_display_name=user.full_name or user.name,
        challenge=challenges.make(call, use),
        attestation=structs.AttestationConveyancePreference.NONE,
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.REQUIRED, user_verification=verification
        ),
        exclude_credentials=_descriptors(call, user.id),
    )
    return webauthn.options_to_json(options)


def options_to_show(call: Call, use: Use, user_id: int | None = None) -> str:
    """What `navigator.credentials.get` takes, as JSON.

    Args:
        user_id: whose passkeys will do; None: anybody's, which then stand for both factors.
    """
    anybody = user_id is None
    needed = structs.UserVerificationRequirement
    options = webauthn.generate_authentication_options(
        rp_id=_place(call).host,
        challenge=challenges.make(call, use),
        allow_credentials=None if anybody else _descriptors(call, user_id or 0),
        user_verification=needed.REQUIRED if anybody else needed.PREFERRED,
    )
    return webauthn.options_to_json(options)


def add(work: Work, user: User, use: Use, answer: str, name: str) -> None:
    """Keep the passkey that a browser has made.

    Raises:
        InvalidFields: `name` or `passkey` is wrong, or the account has as many as it may.
    """
    named = _sound(name or "Passkey")
    if len(of(work, user.id)) >= MOST:
        raise InvalidFields({"name": ("passkey.too_many",)})
    try:
        made = webauthn.verify_registration_response(
            credential=(credential := parse_registration_credential_json(_whole(answer))),
            expected_challenge=_spent(work, use, credential.response.client_data_json),
            expected_rp_id=_place(work).host,
            expected_origin=_place(work).origin,
            require_user_verification=True,
        )
    except _WRONG as error:
        raise InvalidFields({"passkey": (BAD,)}) from error
    fresh = upsert(work.db, passkeys).values(
        user_id=user.id,
        credential_id=bytes_to_base64url(made.credential_id),
        public_key=made.credential_public_key,
        uses=made.sign_count,
        name=named,
        created_at=work.now,
    )
    # Nothing attests the name: that of a kept passkey, be it whose it may, is taken by nobody else.
    if work.db.execute(fresh.on_conflict_do_nothing().returning(passkeys.c.id)).first() is None:
        raise InvalidFields({"passkey": (BAD,)})


def show(work: Work, use: Use, answer: str, *, of_user: int | None = None) -> int:
    """Whose passkey has signed the challenge.

    Args:
        of_user: only this account's will do; None: anybody's, by a finger, a face or a PIN.

    Raises:
        InvalidFields: `passkey`: it is unknown, another account's, or has signed something else.
    """
    try:
        credential = parse_authentication_credential_json(_whole(answer))
        row = _row(work, credential.raw_id)
        _require_owner(work, row.user_id, of_user, credential.response.user_handle)
        seen = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=_spent(work, use, credential.response.client_data_json),
            expected_rp_id=_place(work).host,
            expected_origin=_place(work).origin,
            credential_public_key=row.public_key,
            credential_current_sign_count=0,  # judged below: a copy is told of, not shut out
            require_user_verification=of_user is None,
        )
    except _WRONG as error:
        raise InvalidFields({"passkey": (BAD,)}) from error
    _note_use(work, row, seen.new_sign_count)
    user_id: int = row.user_id
    return user_id


def owner_of(call: Call, answer: str) -> int | None:
    """Whose passkey an answer names, which proves nothing; None: it names none that is known."""
    try:
        credential = parse_authentication_credential_json(_whole(answer))
        user_id: int = _row(call, credential.raw_id).user_id
    except _WRONG:
        return None
    return user_id


def of(call: Call, user_id: int) -> list[Passkey]:
    """The passkeys of an account, the oldest first."""
    columns = (passkeys.c[name] for name in Passkey.__dataclass_fields__)
    rows = call.db.execute(
        sa.select(*columns).where(passkeys.c.user_id == user_id).order_by(passkeys.c.id)
    )
    return [Passkey(*row) for row in rows]


def rename(work: Work, user_id: int, passkey_id: int, name: str) -> str | None:
    """Give a passkey another name, and return it; None: the account has no such one.

    Raises:
        InvalidFields: `name` is too long or empty.
    """
    named = _sound(name)
    theirs = sa.and_(passkeys.c.id == passkey_id, passkeys.c.user_id == user_id)
    renamed = work.db.execute(sa.update(passkeys).where(theirs).values(name=named)).rowcount == 1
    return named if renamed else None


def remove(work: Work, user_id: int, passkey_id: int | None = None) -> bool:
    """Take one passkey away, or all of an account; False: there was none."""
    theirs = sa.delete(passkeys).where(passkeys.c.user_id == user_id)
    which = theirs if passkey_id is None else theirs.where(passkeys.c.id == passkey_id)
    return work.db.execute(which).rowcount > 0


def _sound(name: str) -> str:
    named = " ".join(name.split())
    if not 0 < len(named) <= LONGEST_NAME:
        raise InvalidFields({"name": ("passkey.name_bad",)})
    return named


def _whole(answer: str) -> str:
    if len(answer) > LONGEST_ANSWER:
        raise ValueError("too long")
    return answer


def _spent(work: Work, use: Use, client_data: bytes) -> bytes:
    challenge = parse_client_data_json(client_data).challenge
    challenges.spend(work, use, challenge)
    return challenge


def _row(call: Call, credential_id: bytes) -> sa.Row[Any]:
    named = passkeys.c.credential_id == bytes_to_base64url(credential_id)
    row = call.db.execute(sa.select(passkeys).where(named)).first()
    if row is None:
        raise ValueError("unknown passkey")
    return row


def _require_owner(call: Call, owner_id: int, wanted: int | None, handle: bytes | None) -> None:
    if wanted not in (None, owner_id):
        raise ValueError("another account's passkey")
    if handle is not None and handle != _handle(call, owner_id):
        raise ValueError("made for another account")


def _note_use(work: Work, row: sa.Row[Any], uses: int) -> None:
    """Keep the counter; one that did not grow may mean that somebody has copied the passkey.

    Raises:
        InvalidFields: `passkey`: its owner has just taken it away.
    """
    if (uses or row.uses) and uses <= row.uses:
        detail = {"passkey": row.name, "before": row.uses, "after": uses}
        record(work, "account.passkey_counter", actor_id=row.user_id, detail=detail)
    here = sa.update(passkeys).where(passkeys.c.id == row.id)
    kept = work.db.execute(here.values(uses=max(uses, row.uses), used_at=work.now))
    if kept.rowcount == 0:
        raise InvalidFields({"passkey": (BAD,)})


def _place(call: Call) -> challenges.Place:
    place = challenges.place_of(call)
    if place is None:
        raise Malformed(NO_PLACE)
    return place


def _descriptors(call: Call, user_id: int) -> list[structs.PublicKeyCredentialDescriptor]:
    theirs = sa.select(passkeys.c.credential_id).where(passkeys.c.user_id == user_id)
    return [
        structs.PublicKeyCredentialDescriptor(id=base64url_to_bytes(held))
        for held in call.db.scalars(theirs)
    ]


def _handle(call: Call, user_id: int) -> bytes:
    """What an authenticator keeps as the person's id: it tells nothing, and stays."""
    return call.hub.secrets.digest("passkey.person", str(user_id))[:32].encode()
