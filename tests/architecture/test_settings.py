"""Settings are documented, typed, and refuse what is unsafe."""

from pathlib import Path

import pytest

from strata.core.settings.description import described
from strata.core.settings.loading import load
from strata.core.settings.refusal import BadSettings

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
        ({"STRATA_MAIL_URL": "mail.example.org"}, "STRATA_MAIL_URL.*smtp://"),
        ({"STRATA_MAIL_URL": "smtp://mail.example.org"}, "STRATA_MAIL_URL.*from="),
    ],
)
def test_a_bad_setting_is_refused_with_the_fix(environment: dict[str, str], words: str) -> None:
    with pytest.raises(BadSettings, match=words):
        load(environment=environment)


def test_a_refused_mail_server_keeps_its_password() -> None:
    with pytest.raises(BadSettings) as refused:
        load(environment={"STRATA_MAIL_URL": "smtp://u:hunter2@mail.example.org"})
    assert "hunter2" not in str(refused.value)


def test_an_unknown_key_in_the_file_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "strata.toml"
    file.write_text("[server]\nprot = 1\n")
    with pytest.raises(BadSettings, match=r"server\.prot"):
        load(environment={"PATH": ""}, file=file)
