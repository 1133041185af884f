"""Mails as bytes, and mails handed to real SMTP servers, well-behaved and not."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from fixtures.postboxes import Postbox, post_office
from strata.lib.mail.message import Message, mail_bytes
from strata.lib.mail.records import advices
from strata.lib.mail.sending import MailRefused, send
from strata.lib.mail.server import parse_mail_url

SENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
HELLO = Message(to="bob@example.org", subject="Hello", text="Hi Bob.\n")


def text_of(mail: EmailMessage) -> str:
    text = mail.get_content()
    assert isinstance(text, str)
    return text.replace("\r\n", "\n")


def parsed(content: bytes) -> EmailMessage:
    return message_from_bytes(content, policy=policy.default)


@contextlib.contextmanager
def server_that(behaves: Callable[[socket.socket], None]) -> Iterator[str]:
    """Run a server on a bare socket: one connection, one behaviour."""
    listener = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        with contextlib.suppress(OSError):
            connection, _ = listener.accept()
            with connection:
                behaves(connection)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def test_a_mail_says_who_when_and_that_no_human_wrote_it() -> None:
    mail = parsed(mail_bytes(HELLO, "Strata <hub@example.org>", sent=SENT))
    assert mail["From"] == "Strata <hub@example.org>"
    assert mail["To"] == "bob@example.org"
    assert mail["Date"].datetime == SENT
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"].endswith("@example.org>")
    assert text_of(mail) == "Hi Bob.\n"


def test_two_mails_have_two_message_ids() -> None:
    ids = {parsed(mail_bytes(HELLO, "a@b.org", sent=SENT))["Message-ID"] for _ in range(2)}
    assert len(ids) == 2


def test_names_and_subjects_in_any_script_travel_as_ascii() -> None:
    message = Message('"李 雷, 博士" <li@example.org>', "模型 ready ✓ " + "é" * 200, "正文\n")
    content = mail_bytes(message, "Straßen-Hub <hub@example.org>", sent=SENT)
    assert content.isascii()
    assert max(map(len, content.split(b"\r\n"))) < 998
    mail = parsed(content)
    assert mail["Subject"] == message.subject
    assert mail["To"].addresses[0].display_name == "李 雷, 博士"
    assert mail["From"].addresses[0].display_name == "Straßen-Hub"
    assert text_of(mail) == "正文\n"


def test_text_and_html_are_alternatives() -> None:
    message = Message("bob@example.org", "Hello", "text\n", html="<p>html</p>\n")
    mail = parsed(mail_bytes(message, "a@b.org", sent=SENT))
    assert mail.get_content_type() == "multipart/alternative"
    parts = [part for part in mail.iter_parts() if isinstance(part, EmailMessage)]
    assert [text_of(part) for part in parts] == ["text\n", "<p>html</p>\n"]


def test_further_headers_are_written() -> None:
    message = Message("bob@example.org", "Hello", "x", headers={"List-Unsubscribe": "<https://x>"})
    assert parsed(mail_bytes(message, "a@b.org", sent=SENT))["List-Unsubscribe"] == "<https://x>"


def test_a_long_address_in_a_header_stays_one_word() -> None:
    address = f"<https://hub.example.org/settings/notifications/unsubscribe/{'a1-_' * 40}>"
    message = Message("bob@example.org", "主题" * 60, "x", headers={"List-Unsubscribe": address})
    written = mail_bytes(message, "a@b.org", sent=SENT).decode("ascii")
    assert f"\r\nList-Unsubscribe: {address}\r\n" in written
    assert parsed(written.encode())["Subject"] == "主题" * 60


@pytest.mark.parametrize("ending", ["\n", "\r", "\r\n", "\x00", "\u2028", "\x85"])
def test_headers_cannot_be_smuggled_in(ending: str) -> None:
    evil = f"x{ending}Bcc: mallory@example.org"
    for message in (
        Message("bob@example.org", evil, "x"),
        Message(f"bob@example.org{ending}Bcc: mallory@example.org", "x", "x"),
        Message("bob@example.org", "x", "x", headers={"X-Thing": evil}),
        Message("bob@example.org", "x", "x", headers={evil: "x"}),
    ):
        with pytest.raises(ValueError, match=r"one line|may set"):
            mail_bytes(message, "a@b.org", sent=SENT)


@pytest.mark.parametrize("name", ["Bcc", "from", "Content-Type", "Two words", "Colon:", "", "Ü"])
def test_headers_of_ours_cannot_be_replaced(name: str) -> None:
    message = Message("bob@example.org", "x", "x", headers={name: "x"})
    with pytest.raises(ValueError, match="may set"):
        mail_bytes(message, "a@b.org", sent=SENT)


@pytest.mark.parametrize(
    "address", ["", "bob", "@example.org", "bob@", "a@b.org, c@d.org", "a b@c.org", "bob@a b.org"]
)  # fmt: skip
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="not a"):
        mail_bytes(Message(address, "x", "x"), "a@b.org", sent=SENT)


def test_a_mail_url_is_read() -> None:
    server = parse_mail_url("smtp://hub:p%40ss%3Aword@mail.example.org?from=Hub%20<hub@x.org>")
    assert (server.host, server.port, server.tls, server.starttls) == (
        "mail.example.org", 587, False, True,
    )  # fmt: skip
    assert (server.user, server.password, server.sender) == ("hub", "p@ss:word", "Hub <hub@x.org>")
    assert "p@ss" not in repr(server)
    assert parse_mail_url("smtp://mail.x.org?from=a@b.org").port == 25
    assert parse_mail_url("smtps://mail.x.org?from=a@b.org").port == 465
    assert not parse_mail_url("smtp://localhost?from=a@b.org").starttls
    assert parse_mail_url("smtp://localhost?from=a@b.org&starttls=required").starttls
    assert not parse_mail_url("smtp://mail.x.org?from=a@b.org&starttls=never").starttls
    assert parse_mail_url("smtp://x.org?from=a@b.org&timeout=5").timeout_s == 5


@pytest.mark.parametrize(
    "url",
    [
        "http://x.org?from=a@b.org",
        "smtp://?from=a@b.org",
        "smtp://user:secret@x.org",
        "smtp://user:secret@x.org?from=nobody",
        "smtp://user:secret@x.org?from=a@b.org&starttls=perhaps",
        "smtp://user:secret@x.org?from=a@b.org&form=x",
        "smtp://user:secret@x.org?from=a@b.org&timeout=0",
        "smtp://user:secret@x.org?from=a@b.org&timeout=inf",
        "smtp://user:secret@x.org:99999?from=a@b.org",
    ],
)
def test_a_wrong_mail_url_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        parse_mail_url(url)
    assert "secret" not in str(refused.value)


def test_a_mail_arrives() -> None:
    box = Postbox()
    with post_office(box) as place:
        send(f"smtp://{place}?from=Hub%20<hub@x.org>", HELLO, sent=SENT)
    (envelope,) = box.taken
    assert (envelope.mail_from, envelope.rcpt_tos) == ("hub@x.org", ["bob@example.org"])
    assert isinstance(envelope.content, bytes)
    assert text_of(parsed(envelope.content)) == "Hi Bob.\n"


def test_a_line_of_a_single_dot_does_not_end_the_mail() -> None:
    box = Postbox()
    with post_office(box) as place:
        message = Message("bob@example.org", "dots", "a\n.\n..b\n.\n")
        send(f"smtp://{place}?from=a@b.org", message, sent=SENT)
    assert isinstance(box.taken[0].content, bytes)
    assert text_of(parsed(box.taken[0].content)) == message.text


def test_domains_in_any_script_are_idna_on_the_wire() -> None:
    box = Postbox()
    with post_office(box) as place:
        message = Message("bob@bücher.example", "x", "x")
        send(f"smtp://{place}?from=hub@straße.example", message, sent=SENT)
    assert box.taken[0].rcpt_tos == ["bob@xn--bcher-kva.example"]
    assert box.taken[0].mail_from == "hub@xn--strae-oqa.example"


def test_addresses_in_any_script_need_a_server_that_carries_them() -> None:
    box, message = Postbox(), Message("bøb@example.org", "x", "x")
    with post_office(box) as place:
        send(f"smtp://{place}?from=a@b.org", message, sent=SENT)
    assert box.taken[0].rcpt_tos == ["bøb@example.org"]
    with (
        post_office(Postbox(), utf8=False) as place,
        pytest.raises(MailRefused, match="cannot carry") as refused,
    ):
        send(f"smtp://{place}?from=a@b.org", message, sent=SENT)
    assert refused.value.permanent


def test_a_server_that_knows_us_takes_our_mail() -> None:
    box = Postbox()
    with post_office(box, asks=True) as place:
        send(f"smtp://hub:p%40ss%3Aword@{place}?from=a@b.org", HELLO, sent=SENT)
        with pytest.raises(MailRefused, match="535") as refused:
            send(f"smtp://hub:wrong@{place}?from=a@b.org", HELLO, sent=SENT)
    assert not refused.value.permanent
    assert len(box.taken) == 1


def test_encryption_is_not_given_up_silently() -> None:
    box = Postbox()
    with post_office(box) as place, pytest.raises(MailRefused, match="STARTTLS"):
        send(f"smtp://{place}?from=a@b.org&starttls=required", HELLO, sent=SENT)
    assert box.taken == []


@pytest.mark.parametrize(
    ("box", "permanent"),
    [
        (Postbox(reply_to_recipient="550 no such mailbox"), True),
        (Postbox(reply_to_recipient="451 later please"), False),
        (Postbox(reply_to_mail="554 looks like spam"), True),
        (Postbox(reply_to_mail="452 disk full"), False),
    ],
)
def test_refusals_say_whether_to_try_again(box: Postbox, *, permanent: bool) -> None:
    words = box.reply_to_mail if box.reply_to_mail[0] != "2" else box.reply_to_recipient
    with post_office(box) as place, pytest.raises(MailRefused) as refused:
        send(f"smtp://{place}?from=a@b.org", HELLO, sent=SENT)
    assert refused.value.permanent is permanent
    assert refused.value.reply == words


@pytest.mark.slow
def test_a_silent_server_is_left_in_time() -> None:
    def stalls(connection: socket.socket) -> None:
        connection.recv(1)

    with server_that(stalls) as place:
        began = time.monotonic()
        with pytest.raises(MailRefused) as refused:
            send(f"smtp://{place}?from=a@b.org&timeout=0.3", HELLO, sent=SENT)
    assert time.monotonic() - began < 5
    assert not refused.value.permanent


def test_a_server_that_dies_half_way_has_not_taken_the_mail() -> None:
    def dies(connection: socket.socket) -> None:
        connection.sendall(b"220 hello\r\n")
        for answer in (b"250 hello\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n"):
            connection.recv(4096)
            connection.sendall(answer)
        connection.recv(10)

    with server_that(dies) as place, pytest.raises(MailRefused) as refused:
        send(f"smtp://{place}?from=a@b.org", HELLO, sent=SENT)
    assert not refused.value.permanent


def test_a_server_that_dies_after_taking_the_mail_has_it() -> None:
    def dies(connection: socket.socket) -> None:
        connection.sendall(b"220 hello\r\n")
        for answer in (b"250 hello\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n"):
            connection.recv(4096)
            connection.sendall(answer)
        while not connection.recv(65536).endswith(b"\r\n.\r\n"):
            pass
        connection.sendall(b"250 taken\r\n")

    with server_that(dies) as place:
        send(f"smtp://{place}?from=a@b.org", HELLO, sent=SENT)


def test_a_server_that_is_not_there_is_no_final_answer() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with pytest.raises(MailRefused, match=str(port)) as refused:
            send(f"smtp://127.0.0.1:{port}?from=a@b.org", HELLO, sent=SENT)
    assert not refused.value.permanent


@pytest.mark.parametrize(
    ("server", "named"),
    [
        ("smtp.example.com", "a:smtp.example.com"),
        ("93.184.216.34", "ip4:93.184.216.34"),
        ("2606:2800:220:1::1", "ip6:2606:2800:220:1::1"),
        ("127.0.0.1", "a mx"),
        ("10.0.0.5", "a mx"),
        ("localhost", "a mx"),
        ("postfix", "a mx"),
    ],
)
def test_the_advised_spf_record_is_one_that_receivers_understand(server: str, named: str) -> None:
    spf = next(advices("example.org", server, lambda _name: []))
    assert (spf.kind, spf.found, f'"v=spf1 {named} -all"' in spf.advice) == ("SPF", "", True)
