"""`strata mail`: what became of mails, sending again, the test mail, and mail that came back."""

import json
import mailbox
from pathlib import Path

from doors.cli.conftest import Strata
from fixtures.post_offices import PostOffice, post_office, rude
from fixtures.returned_mails import returned

NO = "550 5.1.1 no such mailbox"


def environment(office: PostOffice) -> dict[str, str]:
    return {"STRATA_MAIL_URL": office.url.replace("example.org", "hub.invalid")}


def test_a_test_mail_tells_how_far_it_came_and_what_to_do(strata: Strata) -> None:
    with post_office() as office:
        good = strata("mail", "test", "ann@example.com", **environment(office))
        office.manner = rude("RCPT", "554 5.7.1 relay access denied \x1b[2J")
        bad = strata("mail", "test", "ann@example.com", **environment(office))
    wrong = strata("mail", "test", "ann", STRATA_MAIL_URL="smtp://127.0.0.1?from=hub@example.org")
    unset = strata("mail", "test", "ann@example.com")

    assert good.returncode == 0
    steps = [line.split()[:2] for line in good.stdout.splitlines()[:7]]
    assert steps == [
        [name, "ok"]
        for name in ("resolve", "connect", "tls", "auth", "sender", "recipient", "content")
    ]
    assert "accepted the mail" in good.stdout
    assert [line.split()[0] for line in good.stdout.splitlines()[-3:]] == ["SPF", "DMARC", "DKIM"]
    told = json.loads(strata("audit", "list", "--kind", "admin", "--json").stdout)
    assert [one["type"] for one in told] == ["admin.mail_test"] * 2
    ((_, to, mail),) = office.taken
    assert (to, mail["Auto-Submitted"]) == ("ann@example.com", "auto-generated")

    assert bad.returncode == 1
    assert "recipient  FAILED  554 5.7.1 relay access denied ?[2J" in bad.stdout
    assert "log in with a user" in bad.stdout
    assert (wrong.returncode, unset.returncode) == (2, 2)
    assert "STRATA_MAIL_URL" in unset.stderr


def test_an_operator_follows_a_mail_that_does_not_arrive(strata: Strata, tmp_path: Path) -> None:
    with post_office(rude("RCPT", NO)) as office:
        setting = environment(office)
        strata("user", "create", "ann", "--email", "ann@example.com", **setting)
        strata("token", "create", "--user", "ann", "--name", "ci", "--role", "write", **setting)
        (row,) = json.loads(strata("mail", "list", "--queued", "--json", **setting).stdout)
        assert (row["state"], row["attempts"], row["to"]) == ("queued", 0, "ann@example.com")
        assert strata("mail", "list", "--failed", **setting).stdout == ""

        again = strata("mail", "retry", str(row["id"]), **setting)
        assert again.stdout.startswith("On the way again: 1")
        assert strata("mail", "retry", **setting).returncode == 2
        assert strata("mail", "retry", "77", **setting).returncode == 4
        assert strata("mail", "retry", str(row["id"])).returncode == 5  # no mail server
        assert (
            strata("mail", "list", "--to", "ANN@example.com", **setting).stdout.count("ann@") == 1
        )
        assert strata("mail", "list", "--to", "bob@example.com", **setting).stdout == ""

    folder = mailbox.Maildir(tmp_path / "returned", create=True)
    folder.add(returned())
    folder.add(b"Subject: on holiday\n\nUntil Monday.\n")
    told = strata("mail", "bounce", str(tmp_path / "returned"), **setting)
    assert told.stdout == "strange: 1, no report: 1\n"
    piped = strata("mail", "bounce", typed=returned().decode(), **setting)
    assert (piped.returncode, piped.stdout) == (0, "strange: 1\n")
