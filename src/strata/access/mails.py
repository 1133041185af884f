"""The mails of the site, for those who run it, in its administration (product S-021, P72)."""

from __future__ import annotations

from typing import Final

from strata.accounts import people
from strata.accounts.mailboxes import addresses
from strata.core.call import Call, Work
from strata.core.errors import Conflict, InvalidFields
from strata.events import outbox
from strata.events.facts import record
from strata.events.mails import keeping
from strata.events.mails.trying import test_mail
from strata.events.outbox import Kept, Letter, State
from strata.lib.db.seek import Page, Window
from strata.membership.confirming import verification
from strata.sessions.signed_in.console import require_entered
from strata.sessions.signed_in.sudo import require_sudo

NO_ADDRESS: Final = "email.invalid"  # message keys
NOBODY: Final = "member.unknown"
ANOTHERS: Final = "console.address_taken"


def deliveries(call: Call, window: Window, state: State | None, to: str) -> Page[Kept]:
    """What became of the newest mails, all or those in one state or to one address.

    Raises:
        NotFound, Forbidden: as `require_entered`.
    """
    require_entered(call)
    return outbox.log(call, window, states=[state] if state else (), to=to)


def delivery(call: Call, mail_id: int) -> Kept | None:
    """What became of one mail; None: there is none.

    Raises:
        NotFound, Forbidden: as `require_entered`.
    """
    require_entered(call)
    return outbox.read(call, mail_id)


def send_test(work: Work, address: str) -> int:
    """Send a test mail; its id, with which `delivery` tells how far it is.

    Raises:
        NotFound, Forbidden, ProofNeeded: as `_require_acting`.
        InvalidFields: `address` is none. Malformed: there is no mail server.
    """
    _require_acting(work)
    parsed = addresses.parse(address)
    if parsed is None:
        raise InvalidFields({"address": (NO_ADDRESS,)})
    mail = test_mail(work, parsed.text)
    record(work, "admin.mail_test", target=mail.to)
    return outbox.post(work, Letter(mail.to, mail.subject, mail.text, mail.html or ""))


def retry(work: Work, mail_id: int) -> None:
    """Try a mail that was not sent again, for another day.

    Raises:
        NotFound, Forbidden, ProofNeeded: as `_require_acting`.
        NotFound, Conflict: as `keeping.retry`.
    """
    _require_acting(work)
    keeping.retry(work, mail_id)


def confirm_address(work: Work, name: str) -> None:
    """Take the address of somebody whom no mail reaches as confirmed.

    Raises:
        NotFound, Forbidden, ProofNeeded: as `_require_acting`.
        InvalidFields: nobody has this `username`, or their address is another account's.
    """
    _require_acting(work)
    person = people.by_name(work, name)
    if person is None:
        raise InvalidFields({"username": (NOBODY,)})
    try:
        verification.confirm_by_operator(work, person)
    except Conflict as error:
        raise InvalidFields({"username": (ANOTHERS,)}) from error


def _require_acting(call: Call) -> None:
    """Insist on an admin in the console who proved lately who they are.

    Raises:
        NotFound, Forbidden: as `require_entered`. ProofNeeded: they did not.
    """
    require_entered(call)
    require_sudo(call)
