"""Settings are documented, typed, and refuse what is unsafe."""

from datetime import timedelta
from pathlib import Path

import pytest

from strata.accounts import limits
from strata.core.settings.description import described
from strata.core.settings.loading import load
from strata.core.settings.refusal import BadSettings
from strata.core.settings.rules import entering

DOCS = Path(__file__).parents[2] / "docs" / "settings.md"


def test_every_setting_is_in_the_docs() -> None:
    page = DOCS.read_text("utf-8")
    assert [s.variable for s in described() if f"`{s.variable}`" not in page] == []


def test_every_setting_says_what_it_means() -> None:
    assert [s.key for s in described() if not s.doc.endswith(".")] == []


def test_environment_wins_over_file_and_file_over_default(tmp_path: Path) -> None:
    file = tmp_path / "strata.toml"
    file.write_text('site_name = "From file"\n[server]\nport = 1234\nthreads = 3\n')
    loaded = load(environment={"STRATA_SERVER_PORT": "4321"}, file=file)
    assert loaded.settings.server.port == 4321
    assert loaded.settings.server.threads == 3
    assert loaded.settings.site_name == "From file"
    assert loaded.origins["server.port"] == "environment"
    assert loaded.origins["server.threads"] == "file"
    assert loaded.origins["server.host"] == "default"


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"STRATA_SERVER_PROT": "1"}, "STRATA_SERVER_PROT"),
        ({"STRATA_SERVER_PORT": "http"}, "server.port"),
        ({"STRATA_SERVER_HOST": "0.0.0.0"}, "STRATA_SECRET_KEY"),
        ({"STRATA_SERVER_HOST": "0.0.0.0", "STRATA_SECRET_KEY": "x" * 40}, "STRATA_PUBLIC_URL"),
        ({"STRATA_SECRET_KEY": "short"}, "32"),
        ({"STRATA_CRASH_AT": "after-pack"}, "STRATA_TESTING"),
        ({"STRATA_XET_RETENTION_DAYS": "7"}, "28"),
        ({"STRATA_ACCOUNTS_PASSWORD_HASH_MIB": "18"}, "at least 19"),
        ({"STRATA_ACCOUNTS_SIGN_UP": "sometimes"}, "accounts.sign_up"),
        ({"STRATA_ENTERING_PAIR_FAILURES": "0"}, r"entering\.pair_failures.*at least 1, not 0"),
        (
            {"STRATA_ENTERING_RESET_MAILS_PER_DAY": "-1"},
            r"entering\.reset_mails_per_day.*at least 1",
        ),
        ({"STRATA_ENTERING_NAME_MINUTES": "1441"}, r"entering\.name_minutes.*at most 1440, a day"),
        ({"STRATA_ENTERING_PAIR_WAIT_MINUTES": "1,2,2000"}, r"pair_wait_minutes.*at most 1440"),
        ({"STRATA_ENTERING_PAIR_WAIT_MINUTES": "1,4,2"}, r"pair_wait_minutes.*longer than the one"),
        ({"STRATA_ENTERING_PAIR_WAIT_MINUTES": "1,2,2"}, r"pair_wait_minutes.*longer than the one"),
        ({"STRATA_ENTERING_PAIR_WAIT_MINUTES": "0,2"}, r"pair_wait_minutes.*at least 1"),
        ({"STRATA_ENTERING_PAIR_WAIT_MINUTES": "1,two"}, r"pair_wait_minutes.*list of numbers"),
        ({"STRATA_ENTERING_PAIR_WAIT_MINUTES": ""}, r"pair_wait_minutes.*list of numbers"),
        ({"STRATA_ENTERING_SPRAYING_NAMES": "1"}, r"entering\.spraying_names.*at least 2"),
        ({"STRATA_ENTERING_VERIFY_PAUSE_S": "3601"}, r"entering\.verify_pause_s.*at most 3600"),
        (
            {"STRATA_ENTERING_FACTOR_TRIES_PER_5_MINUTES": "21"},
            r"factor_tries_per_hour.*at least 21, which `entering\.factor_tries_per_5_min",
        ),
        ({"STRATA_ENTERING_FACTOR_TRIES_PER_DAY": "19"}, r"factor_tries_per_day.*at least 20"),
        ({"STRATA_ENTERING_VERIFY_MAILS_PER_DAY": "2"}, r"verify_mails_per_day.*at least 3"),
        (
            {"STRATA_ENTERING_VERIFY_MAILS_PER_DAY": "21"},
            r"verify_mails_to_one_per_day.*at least 21",
        ),
        ({"STRATA_MAIL_URL": "mail.example.org"}, "STRATA_MAIL_URL.*smtp://"),
        ({"STRATA_MAIL_URL": "smtp://mail.example.org"}, "STRATA_MAIL_URL.*from="),
    ],
)
def test_a_bad_setting_is_refused_with_the_fix(environment: dict[str, str], words: str) -> None:
    with pytest.raises(BadSettings, match=words):
        load(environment=environment)


def test_a_list_of_numbers_is_read_from_a_variable_and_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "strata.toml"
    file.write_text("[entering]\npair_wait_minutes = [3, 7]\n")
    assert load(environment={}, file=file).settings.entering.pair_wait_minutes == (3, 7)
    spoken = {"STRATA_ENTERING_PAIR_WAIT_MINUTES": "2, 5,60"}
    assert load(environment=spoken, file=file).settings.entering.pair_wait_minutes == (2, 5, 60)


def test_a_file_whose_list_is_none_or_holds_no_numbers_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "strata.toml"
    for written in ("3", "[true]", "[1.5]"):
        file.write_text(f"[entering]\npair_wait_minutes = {written}\n")
        with pytest.raises(BadSettings, match=r"pair_wait_minutes.*list of numbers"):
            load(environment={}, file=file)


def test_what_is_counted_is_kept_as_long_as_any_setting_may_count_it() -> None:
    assert timedelta(minutes=entering.MOST_MINUTES) <= limits.LONGEST_WINDOW


def test_a_refused_mail_server_keeps_its_password() -> None:
    with pytest.raises(BadSettings) as refused:
        load(environment={"STRATA_MAIL_URL": "smtp://u:hunter2@mail.example.org"})
    assert "hunter2" not in str(refused.value)


def test_an_unknown_key_in_the_file_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "strata.toml"
    file.write_text("[server]\nprot = 1\n")
    with pytest.raises(BadSettings, match=r"server\.prot"):
        load(environment={"PATH": ""}, file=file)
