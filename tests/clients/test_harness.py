"""The measuring instruments of the stories, measured themselves."""

import smtplib
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from pathlib import Path

import psycopg
import pytest

from clients.environments import EVERY, REQUIREMENTS, environment
from clients.judged import Judged
from clients.mailbox import Mailbox, links
from clients.pages import Browsing
from clients.proxy import counting
from fixtures.axe import findings, violations
from fixtures.browsers import chromium
from fixtures.postgres import PostgresCluster

REQUEST = b"x" * 1000
ANSWER = b"y" * 700_000


@pytest.fixture
def answering_port() -> Iterator[int]:
    """Return the port of a server that reads a request and gives a long answer."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    left = len(REQUEST)
                    while left and (piece := connection.recv(left)):
                        left -= len(piece)
                    try:
                        connection.sendall(ANSWER)
                    except OSError:
                        continue

        thread = threading.Thread(target=answer)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def ask(url: str) -> int:
    """Send the request; return how many bytes came back before the connection ended."""
    received = 0
    with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2]))) as connection:
        connection.sendall(REQUEST)
        try:
            while piece := connection.recv(65536):
                received += len(piece)
        except ConnectionResetError:
            pass
    return received


def test_the_proxy_counts_both_directions(answering_port: int) -> None:
    with counting(answering_port) as proxy:
        with ThreadPoolExecutor(4) as askers:
            assert list(askers.map(ask, [proxy.url] * 8)) == [len(ANSWER)] * 8
        assert proxy.sent_since_last_asked() == 8 * len(REQUEST)
        assert proxy.sent_since_last_asked() == 0
        assert proxy.received_since_last_asked() == 8 * len(ANSWER)


def test_the_proxy_breaks_one_connection_when_told(answering_port: int) -> None:
    with counting(answering_port) as proxy:
        proxy.cut_once_after(100_000)
        assert ask(proxy.url) < len(ANSWER)
        assert ask(proxy.url) == len(ANSWER)


def test_the_mailbox_keeps_what_it_is_sent(mailbox: Mailbox) -> None:
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = "a@b.org", "li@c.org", "请确认"
    letter.set_content("Open http://localhost:1/x?y=z\n\nor http://localhost:1/x?y=z .")
    with smtplib.SMTP("127.0.0.1", mailbox.port) as smtp:
        smtp.send_message(letter)
    arrived = mailbox.wait_mail("li@c.org")
    assert arrived["Subject"] == "请确认"
    assert links(arrived) == ["http://localhost:1/x?y=z"]


def test_every_database_is_a_new_one(postgres_cluster: PostgresCluster) -> None:
    first, second = postgres_cluster.create_database(), postgres_cluster.create_database()
    assert first != second
    with psycopg.connect(first.replace("+psycopg", "")) as connection:
        connection.execute("CREATE TABLE only_here (n int)")
    with psycopg.connect(second.replace("+psycopg", "")) as connection:
        assert connection.execute("SELECT to_regclass('only_here')").fetchone() == (None,)
    for url in (first, second):
        postgres_cluster.drop_database(url)


@pytest.mark.parametrize("name", EVERY)
def test_every_environment_is_pinned_and_builds(name: str) -> None:
    pins = (REQUIREMENTS / f"{name}.txt").read_text().splitlines()
    assert all("==" in pin for pin in pins)
    assert environment(name).python.exists()


def test_axe_leaves_out_nothing_that_is_serious() -> None:
    """What is not looked for is what would not have been counted."""
    broken = (
        "<html><body><h3></h3><img src='data:,'><p style='color:#bbb'>pale</p><ul><p>x</p></ul>"
        "<a href='/'></a><input><div role=button></div><div role=none tabindex=0>y</div>"
        "</body></html>"
    )
    with chromium() as browser:
        page = browser.new_page()
        page.set_content(broken)
        all_of_them = violations(page)
        grave = {one["id"] for one in all_of_them if one["impact"] in {"serious", "critical"}}
        assert {"image-alt", "color-contrast", "list", "html-has-lang"} <= grave
        assert {one.partition(" ")[0] for one in findings(page)} == grave
        assert len(grave) < len(all_of_them)


def test_colours_are_judged_in_one_language_and_all_else_in_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("clients.judged.JUDGED", Judged())
    page_of = (
        "<html lang={0}><head><title>x</title></head><body><main>{1}</main></body></html>".format
    )
    pale, nameless = "<p style='color:#bbb'>pale</p>", "<img src='data:,'>"
    with chromium() as browser:
        english, chinese = (
            Browsing(browser.new_page(), "", language) for language in ("en", "zh-CN")
        )
        found = []
        for here, heading, more in (
            (english, "Pale", nameless),
            (chinese, "苍白", nameless),
            (english, "Pale", nameless),
            (chinese, "苍白", f"<div class='other'>{pale}</div>"),
        ):
            here.page.set_content(page_of(here.language, pale + more))
            found.append([one.partition(" ")[0] for one in here._judged(heading, 0)])  # noqa: SLF001
    light_and_dark = ["color-contrast"] * 2
    assert found == [["color-contrast", "image-alt", "color-contrast"], ["image-alt"], [],
                     light_and_dark]  # fmt: skip


def test_text_is_judged_when_it_is_shown_and_wherever_it_has_not_stood_yet(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("clients.judged.JUDGED", Judged())
    page_of = "<html lang=en><head><title>x</title></head><body><h1>X</h1>{}</body></html>".format
    pale = "<p style='color:#888'>{}</p>".format
    hidden = pale("hidden").replace("color", "display:none;color")
    inside = "<div style='background:{}'>{}</div>".format
    with chromium() as browser:
        here = Browsing(browser.new_page(), "", "en")
        found = []
        for more in (
            hidden,
            hidden + pale("shown"),
            hidden + pale("alike"),
            pale("shown") + inside("#000", pale("legible")),
            pale("shown") + inside("#777", pale("elsewhere")) + inside("#777", pale("alike")),
        ):
            here.page.set_content(page_of(more))
            found.append([one.partition(">")[2] for one in here._judged("X", 0)])  # noqa: SLF001
    assert found == [[], ["shown</p>"] * 2, [], [], ["elsewhere</p>"] * 2]


def test_what_one_worker_judged_no_other_one_does(tmp_path: Path) -> None:
    one, other = Judged(), Judged()
    one.folder = other.folder = tmp_path
    assert one.add("all", "/login")
    assert not other.add("all", "/login")
    assert other.add("all", "/join")
