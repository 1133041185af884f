"""The operators' door: data on stdout, the rest on stderr, exit codes that scripts can trust."""

import contextlib
import json
import re
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from fixtures.accounts import joined
from strata.app.hub import load_hub
from strata.cli.main import COMMANDS
from strata.core.settings.loading import load

Strata = Callable[..., "subprocess.CompletedProcess[str]"]
PASSWORD = "Corr3ct-Horse!a"


def test_help_names_every_command_and_loads_none(started_strata: Strata) -> None:
    answer = started_strata("--help")

    assert answer.returncode == 0
    for name, (_, text) in COMMANDS.items():
        assert re.search(rf"^ +{name} +{re.escape(text)}", answer.stdout, re.MULTILINE)


def test_help_imports_neither_database_nor_web() -> None:
    script = (
        "import sys; import strata.cli.main;"
        "print(sorted(name for name in ('sqlalchemy', 'starlette', 'pygit2', 'argon2')"
        " if name in sys.modules))"
    )
    source = str(Path(__file__).parents[3] / "src")

    answer = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": source},
        check=True,
        text=True,
        capture_output=True,
    )

    assert answer.stdout.strip() == "[]"


@pytest.mark.parametrize("command", list(COMMANDS))
def test_every_command_explains_itself(started_strata: Strata, command: str) -> None:
    answer = started_strata(command, "--help")

    assert answer.returncode == 0
    assert answer.stdout.startswith(f"Usage: python -m strata {command}")


def test_an_unknown_command_is_wrong_usage(started_strata: Strata) -> None:
    answer = started_strata("fly")

    assert (answer.returncode, answer.stdout) == (2, "")
    assert "No such command" in answer.stderr


def test_config_shows_values_and_origins_without_secrets(
    started_strata: Strata, tmp_path: Path
) -> None:
    settings = tmp_path / "strata.toml"
    settings.write_text(
        'site_name = "Ours"\n[mail]\nurl = "smtp://u:hunter2@m.example?from=a@m.example"\n'
    )

    answer = started_strata(
        "config", "--json", "--config", str(settings), STRATA_SECRET_KEY="s" * 40
    )

    assert answer.returncode == 0, answer.stderr
    rows = {row["setting"]: row for row in json.loads(answer.stdout)}
    assert (rows["site_name"]["value"], rows["site_name"]["from"]) == ("Ours", "file")
    assert (rows["data"]["from"], rows["data"]["variable"]) == ("environment", "STRATA_DATA")
    assert (rows["server.port"]["value"], rows["server.port"]["from"]) == (8080, "default")
    assert rows["entering.pair_wait_minutes"]["value"] == "1, 2, 4, 8, 15"
    assert (rows["mail.url"]["value"], rows["secret_key"]["value"]) == ("(set)", "(set)")
    assert "hunter2" not in answer.stdout
    assert not (tmp_path / "data").exists()  # nothing was opened


def test_data_on_the_command_line_comes_first(strata: Strata) -> None:
    answer = strata("config", "--json", "--data", "elsewhere")

    rows = {row["setting"]: row for row in json.loads(answer.stdout)}
    assert (rows["data"]["value"], rows["data"]["from"]) == ("elsewhere", "command line")


@pytest.mark.parametrize(
    "settings",
    [
        {"STRATA_TYPO": "1"},
        {"STRATA_SERVER_PORT": "many"},
        {"STRATA_SERVER_HOST": "0.0.0.0"},
        {"STRATA_LANGUAGE": "xx"},
    ],
)
def test_settings_that_cannot_be_used_end_with_three(
    strata: Strata, settings: dict[str, str]
) -> None:
    for command in (("config",), ("user", "list")):
        answer = strata(*command, **settings)

        assert answer.returncode == 3, answer.stderr
        assert answer.stderr.startswith("strata: ")
        assert "Traceback" not in answer.stderr


def test_a_user_with_tokens_is_made_by_command(started_strata: Strata) -> None:
    created = started_strata(
        "user", "create", "alice", "--email", "a@example.org", "--password", PASSWORD
    )
    assert (created.returncode, created.stdout, created.stderr) == (0, "alice\n", "")

    value = started_strata("token", "create", "--user", "ALICE", "--name", "ci", "--role", "write")

    assert value.returncode == 0, value.stderr
    assert re.fullmatch(r"hf_[A-Za-z]{34}\n", value.stdout)
    listed = started_strata("token", "list", "--user", "alice", "--json")
    (row,) = json.loads(listed.stdout)
    assert (row["name"], row["role"], row["token"][-4:]) == ("ci", "write", value.stdout[-5:-1])
    (user,) = json.loads(started_strata("user", "list", "--json").stdout)
    assert (user["name"], user["verified"], user["admin"]) == ("alice", True, False)


def test_a_refused_user_says_why_and_not_the_password(strata: Strata) -> None:
    for extra in ((), ("--admin",)):
        answer = strata(
            "user", "create", "settings", "--email", "a@example.org", "--password", PASSWORD, *extra
        )
        assert answer.returncode == 2
        assert "reserved" in answer.stderr
        assert PASSWORD not in answer.stdout + answer.stderr


def test_a_legacy_user_without_password_and_a_known_token(strata: Strata) -> None:
    created = strata("user", "create", "__DUMMY_HUB_USER__", "--email", "d@example.org", "--admin")
    assert (created.returncode, created.stdout) == (0, "__DUMMY_HUB_USER__\n")
    assert "no password" in created.stderr

    imported = strata(
        "token", "create", "--user", "__DUMMY_HUB_USER__", "--name", "known",
        "--role", "read", "--value", "hf_94wBhPGp6KrrTH3KDchhKpRxZwd6dmHWLL",
    )  # fmt: skip

    assert imported.stdout == "hf_94wBhPGp6KrrTH3KDchhKpRxZwd6dmHWLL\n"


def test_an_account_has_the_full_name_that_the_operator_gives(strata: Strata) -> None:
    strata("user", "create", "alice", "--email", "a@example.org", "--full-name", "Alice L. Smith")
    strata("user", "create", "bob", "--email", "b@example.org")

    listed = json.loads(strata("user", "list", "--json").stdout)

    assert [user["full_name"] for user in listed] == ["Alice L. Smith", "bob"]
    spoiled = strata(
        "user", "create", "eve", "--email", "e@example.org", "--full-name", "Eve <script>"
    )
    assert (spoiled.returncode, spoiled.stdout) == (2, "")


def test_failures_have_their_own_exit_codes(strata: Strata) -> None:
    strata("user", "create", "alice", "--email", "a@example.org")

    def code(*arguments: str) -> int:
        answer = strata(*arguments)
        assert answer.stdout == ""
        assert "Traceback" not in answer.stderr
        return answer.returncode

    assert code("user", "create", "ALICE", "--email", "b@example.org") == 5
    assert code("user", "create", "bob", "--email", "A@example.org") == 5
    assert code("user", "create", "a1ice", "--email", "b@example.org") == 5
    assert code("org", "create", "a-lice", "--admin", "alice") == 5
    assert code("user", "create", "bob", "--email", "nowhere") == 2
    assert code("user", "create", "bob") == 2
    assert code("user", "create", "bob", "--email", "b@example.org", "--password", "weak") == 2
    assert code("token", "create", "--user", "bob", "--name", "x", "--role", "read") == 4
    assert code("token", "create", "--user", "alice", "--name", "", "--role", "read") == 2
    assert code("token", "create", "--user", "alice", "--name", "x", "--role", "god") == 2
    assert code("mail", "show", "77") == 4


def test_an_operator_may_insist_on_a_name_that_looks_like_another(strata: Strata) -> None:
    strata("user", "create", "alice", "--email", "a@example.org")
    refused = strata("user", "create", "a1ice", "--email", "b@example.org")
    assert "--look-alike" in refused.stderr
    insisted = strata("user", "create", "a1ice", "--email", "b@example.org", "--look-alike")
    assert insisted.stdout == "a1ice\n"
    assert strata("org", "create", "a-lice", "--admin", "alice", "--look-alike").returncode == 0


def test_a_weak_password_is_explained_in_words(strata: Strata) -> None:
    answer = strata("user", "create", "bob", "--email", "b@example.org", "--password", "weak")

    assert "use at least 8 characters" in answer.stderr
    assert "add an uppercase letter" in answer.stderr


def test_mails_can_be_read(started_strata: Strata) -> None:
    started_strata("user", "create", "alice", "--email", "a@example.org")
    started_strata("token", "create", "--user", "alice", "--name", "ci", "--role", "write")

    (row,) = json.loads(started_strata("mail", "list", "--json").stdout)
    shown = started_strata("mail", "show", str(row["id"]))

    assert (row["to"], row["state"]) == ("a@example.org", "kept")
    assert shown.stdout.startswith("To: a@example.org\nSubject: New access token on Strata\n\n")
    assert "ci" in shown.stdout


def test_lists_are_readable_columns_and_empty_ones_say_so(strata: Strata) -> None:
    empty = strata("repo", "list")
    assert (empty.returncode, empty.stdout, empty.stderr) == (0, "", "Nothing to list.\n")
    strata("user", "create", "alice", "--email", "a@example.org")

    lines = strata("user", "list").stdout.splitlines()

    assert lines[0].split() == [
        "name", "full_name", "email", "verified", "admin", "two_factor", "standing",
        "address_taken", "created", "last_login",
    ]  # fmt: skip
    assert lines[1].split()[:5] == ["alice", "alice", "a@example.org", "yes", "no"]


def test_the_database_can_be_brought_up_to_date_twice(started_strata: Strata) -> None:
    for _ in range(2):
        answer = started_strata("db", "upgrade")
        assert (answer.returncode, answer.stdout) == (0, "")
        assert "up to date" in answer.stderr


def test_a_database_out_of_reach_is_no_traceback(started_strata: Strata) -> None:
    url = "postgresql+psycopg://nobody@127.0.0.1:1/none"

    answer = started_strata("user", "list", STRATA_DATABASE_URL=url)

    assert answer.returncode == 8
    assert "Traceback" not in answer.stderr


def test_organizations_and_their_members(strata: Strata) -> None:
    for name in ("alice", "bob"):
        assert strata("user", "create", name, "--email", f"{name}@example.org").returncode == 0

    made = strata(
        "org", "create", "valid_org_hub", "--admin", "alice",
        "--full-name", "Dummy Hub Org", "--visibility", "private",
    )  # fmt: skip
    assert (made.returncode, made.stdout) == (0, "valid_org_hub\n")
    assert strata("org", "create", "alice", "--admin", "alice").returncode == 5
    assert strata("org", "create", "acme", "--admin", "nobody").returncode == 4

    assert strata("org", "member", "add", "valid_org_hub", "bob", "--role", "write").returncode == 0
    members = json.loads(strata("org", "member", "list", "valid_org_hub", "--json").stdout)
    roles = {row["name"]: row["role"] for row in members}
    assert roles == {"alice": "admin", "bob": "write"}
    last = strata("org", "member", "remove", "valid_org_hub", "alice")
    assert (last.returncode, "last admin" in last.stderr) == (5, True)
    assert strata("org", "member", "remove", "valid_org_hub", "bob").returncode == 0

    (row,) = json.loads(strata("org", "list", "--json").stdout)
    assert (row["name"], row["full_name"]) == ("valid_org_hub", "Dummy Hub Org")
    assert (row["visibility"], row["members"], row["members_hidden"]) == ("private", 1, False)


def test_an_operator_confirms_whom_no_mail_reaches(strata: Strata, tmp_path: Path) -> None:
    place = ("--data", str(tmp_path / "data"))
    strata("user", "create", "anna", "--email", "anna@example.org", *place)
    hub = load_hub(load(environment={}, overrides={"data": tmp_path / "data"}).settings)
    joined(hub, "mei")
    hub.database.close()

    done = strata("user", "confirm", "mei", *place)

    assert (done.returncode, done.stdout) == (0, "mei\n")
    listed = json.loads(strata("user", "list", "--json", *place).stdout)
    assert {row["name"]: row["verified"] for row in listed} == {"anna": True, "mei": True}
    assert strata("user", "confirm", "nobody", *place).returncode == 4


def test_the_audit_log_is_read_sealed_and_checked(strata: Strata, tmp_path: Path) -> None:
    strata("user", "create", "ana", "--email", "ana@example.org")
    strata("user", "create", "bob", "--email", "bob@example.org")
    noted = strata("audit", "seal").stdout.strip()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d:2:[0-9a-f]{64}", noted)
    rows = json.loads(strata("audit", "list", "--kind", "account", "--json").stdout)
    assert [(row["type"], row["target"]) for row in rows] == [
        ("account.signup", "bob"),
        ("account.signup", "ana"),
    ]
    lines = strata("audit", "export").stdout.splitlines()
    assert [json.loads(line)["actor"]["kind"] for line in lines] == ["system", "system"]
    whole = strata("audit", "verify", "--seal", noted)
    assert (whole.returncode, whole.stderr) == (0, "The log is whole.\n")

    with contextlib.closing(sqlite3.connect(tmp_path / "data" / "strata.db")) as db, db:
        for trigger in ("facts_stay", "facts_stay_the_same"):
            db.execute(f"DROP TRIGGER {trigger}")
        db.execute("UPDATE facts SET target = 'eve' WHERE id = 1")
    broken = strata("audit", "verify", "--json")
    assert broken.returncode == 9
    assert json.loads(broken.stdout)[0]["place"] == "row 1"
    assert "row 1" in strata("doctor").stdout
    wrong = strata("audit", "verify", "--seal", "nonsense")
    assert wrong.returncode == 2
    assert "A seal is a line" in wrong.stderr


def test_operators_close_accounts_and_open_them(strata: Strata) -> None:
    strata("user", "create", "ana", "--email", "ana@example.org")
    done = strata("user", "suspend", "ana", "--reason", "spam", "--until", "2100-01-01")
    assert (done.returncode, done.stdout) == (0, "ana\n")
    assert json.loads(strata("user", "list", "--json").stdout)[0]["standing"] == "suspended"
    assert strata("user", "suspend", "ana", "--reason", "spam").returncode != 0
    assert strata("user", "suspend", "nobody", "--reason", "spam").returncode != 0
    assert strata("user", "restore", "ana").returncode == 0
    assert strata("user", "reset-password", "ana").returncode == 0
    types = [row["type"] for row in json.loads(strata("audit", "list", "--json").stdout)]
    assert types[:4] == [
        "account.password_reset_request",
        "admin.user_reset_password",
        "admin.user_restore",
        "admin.user_suspend",
    ]
    subjects = strata("mail", "list").stdout
    assert "suspended" in subjects
    assert "open again" in subjects


def test_the_doctor_counts_tags_anew(strata: Strata, tmp_path: Path) -> None:
    strata("user", "create", "ana", "--email", "ana@example.org")
    with contextlib.closing(sqlite3.connect(tmp_path / "data" / "strata.db")) as db, db:
        db.execute("INSERT INTO tag_counts VALUES ('model', 'gone', 'Gone', 'other', 1, 1)")
    found = strata("doctor", "--json")
    repaired = strata("doctor", "--repair")
    after = strata("doctor")
    assert (found.returncode, json.loads(found.stdout)[0]["place"]) == (9, "model gone")
    assert (repaired.returncode, after.returncode) == (0, 0)
    assert after.stderr == "All is well.\n"


@pytest.mark.slow
def test_a_fine_grained_token_is_made_and_revoked_by_command(strata: Strata) -> None:
    strata("user", "create", "alice", "--email", "a@example.org", "--password", PASSWORD)
    command = ("token", "create", "--user", "alice", "--name", "ci", "--role")

    value = strata(
        *command, "fineGrained", "--scope", "alice=repo.write,collection.read", "--gated",
        "--days", "30",
    )  # fmt: skip

    (row,) = json.loads(strata("token", "list", "--user", "alice", "--json").stdout)
    assert (row["role"], row["leaked"]) == ("fineGrained", None)
    assert row["expires"] is not None
    for wrong in (
        ("read", "--gated"),
        ("fineGrained", "--scope", "alice=everything"),
        ("fineGrained", "--scope", "acme=repo.write"),
        ("fineGrained", "--scope", "alice/none=repo.write"),
    ):
        assert strata(*command, *wrong).returncode == 2, wrong
    said = strata("token", "revoke", typed=f"{value.stdout}hf_nothing\n")
    assert "1 of 2 opened something" in said.stdout


@pytest.mark.slow
def test_factors_are_taken_from_who_shows_who_they_are(strata: Strata) -> None:
    for name in ("li", "wei"):
        strata("user", "create", name, "--email", f"{name}@example.org", "--password", PASSWORD)
    token = strata("token", "create", "--user", "li", "--name", "ci", "--role", "read").stdout
    challenge = strata("user", "challenge", "li")
    assert challenge.stdout.startswith("reset-2fa li ")
    assert "ssh-keygen -Y sign -n strata-identity" in challenge.stderr

    for proof, typed, said in (
        ((), "", "Give one of --signature, --token and --seen"),
        (("--token", "-", "--seen", "in the office"), token, "Give one of"),
        (("--token", "-"), "hf_nothing", "This is not a valid access token of li."),
        (("--signature", "-", "--challenge", challenge.stdout), "x", "This is not the signature"),
        (("--token", "-"), token, "li has no second factor."),  # the proof was good
        (("--seen", "in the office"), "", "li has no second factor."),
    ):
        refused = strata("user", "reset-2fa", "li", *proof, typed=typed)
        assert refused.returncode != 0
        assert said in refused.stderr, refused.stderr
    others = strata("user", "reset-2fa", "wei", "--token", "-", typed=token)
    assert "This is not a valid access token of wei." in others.stderr
    assert "There is no account named" in strata("user", "challenge", "nobody").stderr
    nothing = strata("user", "reset-2fa", "li", "--cancel")
    assert "Nobody is about to take the second factors of li." in nothing.stderr


def test_the_hub_is_closed_for_maintenance_and_opened_again(strata: Strata, tmp_path: Path) -> None:
    data = tmp_path / "data"
    closed = strata("maintenance", "on", "--minutes", "5", "--data", str(data))
    assert (closed.returncode, closed.stderr.startswith("Closed.")) == (0, True)
    assert (data / "maintenance").exists()
    opened = strata("maintenance", "off", "--data", str(data))
    assert (opened.returncode, opened.stderr) == (0, "Open again.\n")
    assert not (data / "maintenance").exists()


def test_the_list_of_throw_away_mailboxes_is_refreshed_and_put_back(
    strata: Strata, tmp_path: Path
) -> None:
    lists = tmp_path / "lists"
    lists.mkdir()
    (lists / "good.txt").write_text("# today's\nfresh.example\n")
    (lists / "bad.txt").write_text("<html>\n")
    data = ("--data", str(tmp_path / "data"))
    serving = partial(SimpleHTTPRequestHandler, directory=str(lists))
    with ThreadingHTTPServer(("127.0.0.1", 0), serving) as web:
        thread = threading.Thread(target=web.serve_forever)
        thread.start()
        address = f"http://127.0.0.1:{web.server_port}"
        refused = strata("disposable", "refresh", f"{address}/bad.txt", *data)
        missing = strata("disposable", "refresh", f"{address}/none.txt", *data)
        taken = strata("disposable", "refresh", f"{address}/good.txt", *data)
        web.shutdown()
        thread.join()
    assert (refused.returncode, "Line 1 is no domain" in refused.stderr) == (2, True)
    assert (missing.returncode, "status 404" in missing.stderr) == (2, True)
    assert (taken.returncode, taken.stderr.startswith("1 domains")) == (0, True)
    assert strata("disposable", "show", *data).stdout == "fresh.example\n"
    assert strata("disposable", "refresh", str(lists / "good.txt"), *data).returncode == 0
    assert strata("disposable", "reset", *data).returncode == 0
    assert strata("disposable", "show", "mailinator.com", *data).stdout == "yes\n"
