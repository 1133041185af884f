"""Set second factors up, and take them away, in the settings (product §3.12)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from strata.accounts import people
from strata.accounts.factors import checking, codes, held, letters, passkeys, remembered, totp
from strata.accounts.factors.challenges import Purpose, Use
from strata.core.call import Call, Work, working
from strata.core.errors import Conflict, EmailNotVerified, InvalidFields, NotFound, Unauthenticated
from strata.events.audit.changes import changes
from strata.events.facts import record
from strata.sessions.identities.linking import needs_its_passkey
from strata.sessions.protecting import removal
from strata.sessions.signed_in import sessions
from strata.sessions.signed_in.sudo import require_sudo

CONFIRM_FIRST = "Please confirm your email address before you set up a second factor."
NO_AUTHENTICATOR = "Begin again: there is no authenticator app to set up."
NO_PASSKEY = "You have no such passkey."
NO_DEVICE = "There is no such browser."


@dataclass(frozen=True, slots=True)
class Changed:
    """A change that was made; the session goes on under another id."""

    session: sessions.Started
    codes: tuple[str, ...] = field(default=(), repr=False)  # new ones, shown once


def begin_authenticator(work: Work) -> None:
    """Make the secret of an authenticator app, which works once its first code was entered.

    Raises:
        Conflict: the account has one.
    """
    user = _changing(work)
    if not totp.begin(work, user.id):
        raise Conflict("factor.has_authenticator")


def authenticator(call: Call) -> totp.SettingUp:
    """The secret that waits for its first code.

    Raises:
        NotFound: none does.
    """
    user = _person(call)
    waiting = totp.setting_up(call, user.id, user.name)
    if waiting is None:
        raise NotFound(NO_AUTHENTICATOR)
    return waiting


def turn_on(call: Call, code: str) -> Changed:
    """Turn the authenticator on.

    Raises:
        InvalidFields: `code` is not the one that it shows.
    """
    drawn = _drawn(call)
    with working(call) as work:
        user = _changing(work)
        if not totp.confirm(work, user.id, code):
            raise InvalidFields({"code": (checking.BAD_CODE,)})
        record(work, "account.2fa_enable", target=user.name)
        letters.send(work, user, letters.ADDED)
        return _added(work, user, drawn)


def turn_off(work: Work) -> Changed:
    """Take the authenticator away; where it is the last factor, maybe after a while.

    Raises:
        NotFound: there is none.
    """
    user = _changing(work)
    if not totp.is_on(work, user.id):
        raise NotFound(NO_AUTHENTICATOR)
    if held.of(work, user.id).passkeys == 0:
        return _without_any(work, user)
    totp.remove(work, user.id)
    record(work, "account.2fa_disable", target=user.name, detail={"factor": "authenticator"})
    return _removed(work, user, letters.AUTHENTICATOR_REMOVED)


def renew_codes(call: Call) -> Changed:
    """Make new recovery codes.

    Raises:
        Conflict: the account has no second factor.
    """
    _person(call)
    drawn = codes.draw(call.hub)
    with working(call) as work:
        user = _changing(work)
        if not held.of(work, user.id).any:
            raise Conflict("factor.none")
        made = codes.keep(work, user.id, drawn)
        record(work, "account.recovery_regenerate", target=user.name)
        letters.send(work, user, letters.CODES_RENEWED)
        return Changed(sessions.renew(work), made)


def passkey_options(call: Call) -> str:
    """What the browser is to make a passkey of, as JSON.

    Raises:
        Malformed: browsers have no passkeys at this address.
    """
    return passkeys.options_to_add(call, _person(call), _use(call))


def add_passkey(call: Call, answer: str, name: str) -> Changed:
    """Keep a passkey that the browser has made.

    Raises:
        InvalidFields: as `factors.passkeys.add`.
    """
    drawn = _drawn(call)
    with working(call) as work:
        user = _changing(work)
        passkeys.add(work, user, _use(work), answer, name)
        record(work, "account.passkey_add", target=user.name, detail={"name": name})
        letters.send(work, user, letters.PASSKEY_ADDED)
        return _added(work, user, drawn)


def rename_passkey(work: Work, passkey_id: int, name: str) -> None:
    """Give a passkey another name: a wrong one could have its owner remove another one.

    Raises:
        NotFound, InvalidFields: there is no such one; `name` is too long or empty.
    """
    user = _person(work)
    before = {one.id: one.name for one in passkeys.of(work, user.id)}.get(passkey_id)
    after = passkeys.rename(work, user.id, passkey_id, name)
    if after is None:
        raise NotFound(NO_PASSKEY)
    detail = changes({"name": before}, {"name": after})
    record(work, "account.passkey_rename", target=user.name, detail=detail)


def remove_passkey(work: Work, passkey_id: int) -> Changed:
    """Take a passkey away; where it is the last factor, maybe after a while.

    Raises:
        NotFound: there is no such one.
        InvalidFields: `passkey`: it is the last way in.
    """
    user = _changing(work)
    theirs = {one.id: one.name for one in passkeys.of(work, user.id)}
    if passkey_id not in theirs:
        raise NotFound(NO_PASSKEY)
    if len(theirs) == 1 and needs_its_passkey(work, user):
        raise InvalidFields({"passkey": ("identity.last",)})
    if len(theirs) == 1 and not totp.is_on(work, user.id):
        return _without_any(work, user)
    passkeys.remove(work, user.id, passkey_id)
    detail = {"name": theirs[passkey_id]}
    record(work, "account.passkey_remove", target=user.name, detail=detail)
    return _removed(work, user, letters.PASSKEY_REMOVED)


def forget_device(work: Work, device_id: int | None) -> None:
    """Have one remembered browser asked again for a second factor; None: all of them.

    Raises:
        NotFound: there is no such one.
    """
    user = _signed_in(work)
    require_sudo(work)
    if not remembered.forget(work, user.id, device_id):
        raise NotFound(NO_DEVICE)
    record(work, "account.session_revoke", target=user.name, detail={"remembered": device_id})


def cancel_removal(work: Work) -> None:
    """Leave the factors as they are.

    Raises:
        NotFound: nobody wanted to take them away.
    """
    if not removal.cancel(work, _changing(work)):
        raise NotFound("There is nothing to cancel.")


def _drawn(call: Call) -> codes.Drawn | None:
    """Recovery codes for an account that has none yet."""
    return None if codes.of(call, _person(call).id).exist else codes.draw(call.hub)


def _added(work: Work, user: people.User, drawn: codes.Drawn | None) -> Changed:
    """The first factor comes with recovery codes, and a wish to be without one is over."""
    held.settle(work, user.id)
    waiting = removal.of(work, user.id)
    if waiting is not None and not waiting.by_operator:
        removal.cancel(work, user)
    wanted = drawn is not None and not codes.of(work, user.id).exist
    made = codes.keep(work, user.id, drawn) if drawn is not None and wanted else ()
    return Changed(sessions.renew(work), made)


def _removed(work: Work, user: people.User, notice: letters.Notice) -> Changed:
    held.settle(work, user.id)
    letters.send(work, user, notice)
    sessions.end_all(work, user.id, but=work.actor.session_id)
    return Changed(sessions.renew(work))


def _without_any(work: Work, user: people.User) -> Changed:
    wait = timedelta(hours=work.hub.settings.accounts.factor_removal_hours)
    if wait:
        removal.schedule(work, user, wait, by_operator=False)
    else:
        removal.remove(work, user, but=work.actor.session_id)
    return Changed(sessions.renew(work))


def _changing(work: Work) -> people.User:
    """The same person; two changes of their factors at once must see each other.

    Raises: as `_person`.
    """
    people.locked(work, work.actor.user_id or 0)
    return _person(work)


def _person(call: Call) -> people.User:
    """The signed-in person, who has just shown that it is them.

    Raises:
        Unauthenticated: nobody is signed in.
        ProofNeeded: they have not.
        EmailNotVerified: they have no confirmed address.
    """
    user = _signed_in(call)
    if not call.actor.verified:
        raise EmailNotVerified(CONFIRM_FIRST)
    require_sudo(call)
    return user


def _signed_in(call: Call) -> people.User:
    if call.actor.user_id is None or call.actor.session_id is None:
        raise Unauthenticated("Log in first.")
    user = people.by_id(call, call.actor.user_id)
    if user is None:
        raise Unauthenticated("Log in first.")
    return user


def _use(call: Call) -> Use:
    return Use(Purpose.ADD, call.actor.session_mark)
