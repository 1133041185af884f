"""Reports about mails that did not arrive, as servers write them, and what only looks like one."""

import mailbox
from pathlib import Path

import pytest

from fixtures.returned_mails import returned
from strata.lib.mail.folders import mails_in
from strata.lib.mail.returned import Report, read_report

EXIM = b"""\
From: Mail Delivery System <Mailer-Daemon@mx.example.org>
To: bounces+7-0123456789abcdef01234567@example.org
Content-Type: multipart/report; report-type=delivery-status; boundary=x1
MIME-Version: 1.0
Subject: Mail delivery failed: returning message to sender

--x1
Content-type: text/plain; charset=us-ascii

A message that you sent could not be delivered.

--x1
Content-type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Action: failed
Final-Recipient: rfc822;bob@example.com
Status: 5.0.0

--x1
Content-type: message/rfc822

Return-path: <bounces+7-0123456789abcdef01234567@example.org>
Subject: hello
Message-Id:
 <00112233445566778899aabbccddeeff@example.org>

Message-ID: <ffffffffffffffffffffffffffffffff@example.org> is what a body may say.

--x1--
"""

INTERNATIONAL = """\
To: hub@example.org
Content-Type: multipart/report; report-type="delivery-status"; boundary="y"
MIME-Version: 1.0

--y
Content-Type: text/plain; charset=utf-8

无法投递
--y
Content-Type: message/global-delivery-status

Reporting-MTA: dns; mx.example.cn

Final-Recipient: utf-8; 李雷@example.cn
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 没有这个邮箱

--y
Content-Type: message/global-headers

Subject: 你好
Message-ID: <00112233445566778899aabbccddeeff@example.org>

--y--
""".encode()


def test_a_report_of_postfix_is_read() -> None:
    report = read_report(returned("<abc@example.org>"))
    assert report == Report(
        action="failed",
        status="5.1.1",
        reason="550 5.1.1 <bob@example.com>: Recipient address rejected",
        addressed=("hub@example.org",),
        message_id="abc@example.org",
    )
    assert report.is_hard


def test_a_report_that_encloses_the_whole_mail_is_read() -> None:
    report = read_report(EXIM)
    assert report is not None
    assert (report.status, report.message_id) == (
        "5.0.0",
        "00112233445566778899aabbccddeeff@example.org",
    )
    assert report.addressed == ("bounces+7-0123456789abcdef01234567@example.org",)


def test_a_report_in_any_script_is_read() -> None:
    report = read_report(INTERNATIONAL)
    assert report is not None
    assert (report.action, report.is_hard) == ("failed", True)
    assert report.message_id == "00112233445566778899aabbccddeeff@example.org"
    assert "没有这个邮箱" in report.reason


@pytest.mark.parametrize(
    ("action", "status", "hard"),
    [("failed", "5.2.2", True), ("failed", "4.4.7", False), ("delayed", "4.4.1", False),
     ("delivered", "2.0.0", False)],
)  # fmt: skip
def test_only_a_final_failure_is_hard(action: str, status: str, *, hard: bool) -> None:
    report = read_report(returned(action=action, status=status))
    assert report is not None
    assert report.is_hard is hard


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\x00",
        b"Subject: I am on holiday\r\nAuto-Submitted: auto-replied\r\n\r\nBack on Monday.\r\n",
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=z\r\n\r\nnothing",
        b"Content-Type: multipart/report; report-type=disposition-notification; boundary=z\r\n\r\n",
        returned().replace(b"multipart/report", b"multipart/mixed"),
        returned().replace(b"Action:", b"X-Action:"),
    ],
)
def test_what_is_no_report_is_none(content: bytes) -> None:
    assert read_report(content) is None


def test_mails_are_read_from_a_maildir_and_from_an_mbox(tmp_path: Path) -> None:
    written = [returned(f"<{number}@example.org>") for number in range(3)]
    folder = mailbox.Maildir(tmp_path / "dir", create=True)
    box = mailbox.mbox(tmp_path / "box", create=True)
    for one in written:
        folder.add(one)
        box.add(one)
    box.close()

    for place in ("dir", "box"):
        reports = [read_report(content) for content in mails_in(tmp_path / place, 1_000_000)]
        assert {report.message_id for report in reports if report} == {
            f"{number}@example.org" for number in range(3)
        }
