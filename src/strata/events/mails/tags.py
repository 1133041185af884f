"""Which mail of ours a report is about: told by what only its recipient and we know.

A mail is reported to the address of `mail.bounces_to` with a tag of its own, `bounces+TAG@…`, which
carries our mark; or the report encloses its `Message-ID`, which nobody can guess. A name that can
be guessed is never enough, so nobody else can make an address look dead.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable
from typing import Final

import sqlalchemy as sa

from strata.core.call import Call
from strata.core.hub import Hub
from strata.events.mails.tables import mails

_PURPOSE: Final = "mail.bounce"
_MARK_LENGTH: Final = 24  # hex digits: 96 bits
_TAGGED: Final = re.compile(r"\+(\d{1,18})-([0-9a-f]{24})@")
_UNIQUE: Final = re.compile(r"([0-9a-f]{32})@")


def bounces_to(hub: Hub, mail_id: int) -> str:
    """The envelope sender of a mail; empty when the sender itself is told."""
    name, at, domain = hub.settings.mail.bounces_to.rpartition("@")
    return f"{name}+{mail_id}-{_mark(hub, str(mail_id))}@{domain}" if at else ""


def mail_of(call: Call, addressed: Iterable[str], message_id: str) -> int | None:
    """The id of the mail that a report is about; None when it names none of ours."""
    for address in addressed:
        tag = _TAGGED.search(address)
        if tag and hmac.compare_digest(tag.group(2), _mark(call.hub, tag.group(1))):
            return int(tag.group(1))
    unique = _UNIQUE.match(message_id)
    if unique is None:
        return None
    found = sa.select(mails.c.id).where(mails.c.unique_part == unique.group(1))
    mail_id: int | None = call.db.scalar(found)
    return mail_id


def _mark(hub: Hub, mail_id: str) -> str:
    return hub.secrets.digest(_PURPOSE, mail_id)[:_MARK_LENGTH]
