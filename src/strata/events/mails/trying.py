"""A test mail: how far it came, and what to do next (product S-021)."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Final

from strata.core.call import Call, working
from strata.core.errors import Malformed
from strata.core.settings.tree import Settings
from strata.events.facts import record
from strata.lib.mail.message import Message, address_of
from strata.lib.mail.records import Advice, advices, txt_records
from strata.lib.mail.sending import MailRefused, Stage, send
from strata.lib.mail.server import MailServer, parse_mail_url

_NEXT: Final = {
    Stage.RESOLVE: "Check the host in STRATA_MAIL_URL, and that this machine can look up names.",
    Stage.CONNECT: "Check host and port (587 or 465 with a user), and that no firewall is between.",
    Stage.TLS: "Use the name that is in the server's certificate; smtps:// is for port 465;"
    " starttls=never sends everything readable and is for a server on your own network.",
    Stage.AUTH: "Check user and password in STRATA_MAIL_URL (write @ as %40). Many providers want"
    " a password made for programs.",
    Stage.SENDER: "The server does not let this user send as the address in ?from=, or as"
    " STRATA_MAIL_BOUNCES_TO. Use an address that belongs to the user.",
    Stage.RECIPIENT: "The server refuses this recipient: check the address. “Relay” or “access"
    " denied” means that the server does not send for this machine: log in with a user.",
    Stage.CONTENT: "The server refused the content: its words say why. Often the domain of the"
    " sender is not set up; see below.",
}


@dataclass(frozen=True, slots=True)
class Trial:
    """What to tell the operator, line by line."""

    lines: tuple[str, ...]
    accepted: bool


def try_out(call: Call, address: str) -> Trial:
    """Send a test mail at once, past the queue.

    Raises:
        Malformed: no address, or the mail settings cannot be used.
    """
    message = test_mail(call, address)
    with working(call) as work:
        record(work, "admin.mail_test", target=address)
    lines, accepted = _sent(call, message)
    domain, found = advices_of(call.hub.settings)
    hints = (_hint(one) for one in found)
    return Trial((*lines, f"For mail from {domain} to be trusted:", *hints), accepted)


def test_mail(call: Call, address: str) -> Message:
    """What a test mail says.

    Raises:
        Malformed: as `try_out`.
    """
    _server(call.hub.settings)
    try:
        address_of(address)
    except ValueError as wrong:
        raise _malformed(wrong) from wrong
    site = call.hub.settings.site_name
    return Message(
        to=address,
        subject=f"Test mail from {site} · 来自 {site} 的测试邮件",
        text=f"{site} can send mail.\n\n{site} 可以发送邮件。\n",
        html=f"<!doctype html><p>{escape(site)} can send mail.</p>"
        f'<p lang="zh-CN">{escape(site)} 可以发送邮件。</p>',
    )


def advices_of(settings: Settings) -> tuple[str, list[Advice]]:
    """The domain of the sender, and what the name system says of it; takes up to ten seconds.

    Raises:
        Malformed: no mail server is set, or the mail settings cannot be used.
    """
    server = _server(settings)
    domain = address_of(server.sender).domain
    asked = txt_records(settings.accounts.name_servers)
    return domain, list(advices(domain, server.host, asked))


def _server(settings: Settings) -> MailServer:
    if not settings.mail.url:
        raise Malformed("No mail server is set. Set STRATA_MAIL_URL first.")
    try:
        return parse_mail_url(settings.mail.url)
    except ValueError as wrong:
        raise _malformed(wrong) from wrong


def _malformed(wrong: ValueError) -> Malformed:
    return Malformed(f"{str(wrong)[:1].upper()}{str(wrong)[1:]}.")


def _sent(call: Call, message: Message) -> tuple[list[str], bool]:
    lines: list[str] = []
    settings = call.hub.settings
    try:
        send(
            settings.mail.url,
            message,
            sent=call.now,
            sender_name=settings.site_name,
            bounces_to=settings.mail.bounces_to,
            watch=lambda stage, words: lines.append(_line(stage, "ok", words)),
        )
    except MailRefused as refused:
        lines += [_line(refused.stage, "FAILED", refused.reply), f"Next: {_NEXT[refused.stage]}"]
        return lines, False
    return [
        *lines,
        "The mail server accepted the mail. Look into the mailbox, also under spam.",
    ], True


def _line(stage: Stage, outcome: str, words: str) -> str:
    return f"{stage.value:<10} {outcome:<7} {words}".rstrip()


def _hint(one: Advice) -> str:
    if one.found:
        return f"{one.kind:<10} ok      {one.found}"
    state = "missing" if one.found == "" else "?      "
    return f"{one.kind:<10} {state} {one.advice}"
