"""Read the report about a mail that could not be delivered. RFC 3462, RFC 3464, RFC 6533.

Anybody may send such a report; whether it is about a mail of ours its reader must tell by a secret
in it. Nothing else in it is believed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email import message_from_bytes, message_from_string
from email.message import Message
from email.utils import getaddresses
from typing import Final

LONGEST_REASON: Final = 500  # characters
_STATUS_PARTS: Final = frozenset({"message/delivery-status", "message/global-delivery-status"})
_MAIL_PARTS: Final = frozenset(
    {"message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers"}
)
_ADDRESSED: Final = ("To", "Delivered-To", "X-Original-To", "X-Envelope-To", "Envelope-To")
_MESSAGE_ID: Final = re.compile(rb"^message-id:\s*<([^<>\s]{1,400})>", re.IGNORECASE | re.MULTILINE)
_BLANK_LINE: Final = re.compile(rb"\n[ \t]*\n")
_STATUS: Final = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")


@dataclass(frozen=True, slots=True)
class Report:
    """What a report says."""

    action: str  # "failed", "delayed", "delivered", "relayed", "expanded"
    status: str  # of RFC 3463: "5.1.1"; empty: none that could be read
    reason: str  # one line
    addressed: tuple[str, ...]  # to whom the report was sent, in lower case
    message_id: str  # of the mail that came back, without brackets; empty: unknown

    @property
    def is_hard(self) -> bool:
        """Whether it says that the address takes no mail, now or later."""
        return self.action == "failed" and self.status.startswith("5.")


def read_report(content: bytes) -> Report | None:
    """Read a mail as such a report; None when it is none."""
    mail = message_from_bytes(content)
    kind = str(mail.get_param("report-type", "")).lower()
    if mail.get_content_type() != "multipart/report" or kind != "delivery-status":
        return None
    parts = [part for part in _parts(mail) if isinstance(part, Message)]
    told = [
        one for part in parts if part.get_content_type() in _STATUS_PARTS for one in _told(part)
    ]
    if not told:
        return None
    action, status, reason = next((one for one in told if one[0] == "failed"), told[0])
    return Report(action, status, reason, _addressed(mail), _message_id(parts))


def _parts(mail: Message) -> list[object]:
    content = mail.get_payload()
    return list(content) if isinstance(content, list) else []


def _told(part: Message) -> list[tuple[str, str, str]]:
    """Action, status and reason of each recipient: a block of fields."""
    raw = part.as_bytes().replace(b"\r\n", b"\n").partition(b"\n\n")[2]
    texts = [block.strip().decode("utf-8", "replace") for block in _BLANK_LINE.split(raw)]
    blocks = [message_from_string(f"{text}\n\n") for text in texts]
    return [_recipient(block) for block in blocks if block.get("Action")]


def _recipient(block: Message) -> tuple[str, str, str]:
    status = _STATUS.search(str(block.get("Status", "")))
    said = " ".join(str(block.get("Diagnostic-Code", "")).split())
    reason = said.partition(";")[2].strip() or said or str(block.get("Status", ""))
    return (
        str(block["Action"]).split()[0].lower() if str(block["Action"]).split() else "",
        status.group() if status else "",
        reason[:LONGEST_REASON],
    )


def _addressed(mail: Message) -> tuple[str, ...]:
    lines = [str(line) for name in _ADDRESSED for line in mail.get_all(name, [])]
    return tuple(address.lower() for _, address in getaddresses(lines) if "@" in address)


def _message_id(parts: list[Message]) -> str:
    for part in parts:
        if part.get_content_type() in _MAIL_PARTS:
            decoded = part.get_payload(decode=True)
            raw = decoded if isinstance(decoded, bytes) else part.as_bytes()
            found = _MESSAGE_ID.search(raw.replace(b"\r\n", b"\n"))
            return found.group(1).decode("ascii", "replace") if found else ""
    return ""
