"""What docs/asvs*.md and docs/security.md say is so: their tests, modules, numbers and lists."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
import sqlalchemy as sa

from strata.accounts.factors import checking, codes, halfway, totp
from strata.accounts.passwords import hashing, policy
from strata.accounts.plans import rates
from strata.accounts.tables import users
from strata.core import secrets
from strata.core.hub import Hub
from strata.core.settings.rules.accounts import MIN_PASSWORD_HASH_MIB
from strata.core.settings.rules.serving import MIN_SECRET_LENGTH
from strata.core.settings.tree import Settings
from strata.credentials.oauth.openid import keys
from strata.credentials.oauth.tokens import families
from strata.membership.confirming import verification
from strata.sessions.entering import waiting
from strata.sessions.passwords import reset
from strata.sessions.signed_in import sessions
from strata.web.routes import ROUTES

ROOT: Final = Path(__file__).parents[2]
SOURCE, TESTS, DOCS = ROOT / "src" / "strata", ROOT / "tests", ROOT / "docs"
SECURITY: Final = (DOCS / "security.md").read_text("utf-8")

# How many items ASVS 5.0.0 has in each section.
COUNTS: Final[Mapping[str, int]] = {
    "6.1": 3, "6.2": 12, "6.3": 8, "6.4": 6, "6.5": 8, "6.6": 4, "6.7": 2, "6.8": 4,
    "7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 3, "7.6": 2,
    "8.1": 4, "8.2": 4, "8.3": 3, "8.4": 2,
    "10.1": 2, "10.2": 3, "10.3": 5, "10.4": 16, "10.5": 5, "10.6": 2, "10.7": 3,
    "11.1": 4, "11.2": 5, "11.3": 5, "11.4": 4, "11.5": 2, "11.6": 2, "11.7": 2,
    "14.1": 2, "14.2": 8, "14.3": 3,
    "16.1": 1, "16.2": 5, "16.3": 4, "16.4": 3, "16.5": 4,
}  # fmt: skip
WITHOUT_A_TEST: Final = ("Does not apply:", "Deviates:", "Deviates ", "For operators:")
_QUOTED: Final = re.compile(r"`([^`]+)`")
_HEADING: Final = re.compile(r"^#{2,3} V(\d+\.\d+) .*")
_ID: Final = re.compile(r"\d+\.\d+\.\d+|P\d+")  # of the standard, or of our own checklist
_PLACE: Final = re.compile(r"[\w.-]+(/[\w.-]+)*/?")
_KINDS: Final = (".py", ".md", ".html", ".js", ".txt", "/")


@dataclass(frozen=True)
class Item:
    """One row of a table."""

    file: str
    id: str
    level: str
    held_by: str
    shown_by: str

    @property
    def section(self) -> str:
        return self.id.rpartition(".")[0]


def items() -> Iterator[Item]:
    for file in sorted(DOCS.glob("asvs*.md")):
        heading = ""
        for line in file.read_text("utf-8").splitlines():
            heading = _HEADING.sub(r"\1", line) if _HEADING.match(line) else heading
            cells = [cell.strip() for cell in line.strip("|").split(" | ")]
            if _ID.fullmatch(cells[0]):
                assert len(cells) == 5, f"{file.name}: {line}"
                item = Item(file.name, cells[0], cells[1], cells[3], cells[4].removesuffix(" |"))
                assert item.section in ("", heading), f"{item.id} stands below V{heading}"
                yield item


ITEMS: Final = tuple(items())


def test_every_item_of_a_chapter_stands_there_once() -> None:
    found: dict[str, list[str]] = {}
    for item in ITEMS:
        if item.section:
            found.setdefault(item.section, []).append(item.id)
    chapters = {section.partition(".")[0] for section in found}
    expected = {
        section: [f"{section}.{number}" for number in range(1, count + 1)]
        for section, count in COUNTS.items()
        if section.partition(".")[0] in chapters
    }
    assert found == expected
    assert {"6", "7", "11", "14", "16"} <= chapters
    assert {item.level for item in ITEMS if item.section} == {"1", "2", "3"}


def names_in(file: str) -> frozenset[str]:
    text = (TESTS / file).read_text("utf-8")
    return frozenset(re.findall(r"^(?:async )?def (test_\w+)\(", text, re.MULTILINE))


def test_every_test_that_is_named_exists() -> None:
    missing: list[str] = []
    known: dict[str, frozenset[str]] = {}
    for item in ITEMS:
        quoted = (name.removeprefix("tests/") for name in _QUOTED.findall(item.shown_by))
        named = [name for name in quoted if "::" in name]
        for file, _, test in (name.partition("::") for name in named):
            if not (TESTS / file).is_file():
                missing.append(f"{item.file} {item.id}: tests/{file}")
                continue
            known.setdefault(file, names_in(file))
            if test not in known[file]:
                missing.append(f"{item.file} {item.id}: {test} in tests/{file}")
        if not named and not item.shown_by.startswith(WITHOUT_A_TEST):
            missing.append(f"{item.file} {item.id}: no test, and no reason")
    assert missing == []  # it was renamed or moved: name it anew in the document


def test_every_module_that_is_named_exists() -> None:
    missing = [
        f"{item.file} {item.id}: {name}"
        for item in ITEMS
        for name in _QUOTED.findall(item.held_by)
        if name.endswith(_KINDS) and _PLACE.fullmatch(name)
        if not any((place / name).exists() for place in (SOURCE, ROOT))
    ]
    assert missing == []  # it was renamed or moved: name it anew in the document
    without = [
        item.id
        for item in ITEMS
        if item.held_by in ("", "—")
        and not item.shown_by.startswith(("Does not apply:", "For operators:"))
    ]
    assert without == []


# --- docs/security.md ------------------------------------------------------------------------


def section(heading: str) -> str:
    _, _, rest = SECURITY.partition(f"\n## {heading}\n")
    assert rest, f"there is no section {heading}"
    return rest.partition("\n## ")[0]


def test_the_numbers_of_the_document_are_those_of_the_code() -> None:
    defaults = Settings()
    chosen = defaults.entering
    told = {
        "Ways in": (
            f"{chosen.address_failures} refused in {chosen.address_minutes} min",
            f"| {chosen.reset_mails_per_day} mails a day, ",
            f", {chosen.reset_requests_per_hour} requests an hour of one address",
            f"{defaults.rates.token_failures} wrong ones in {rates.FAILURES_WINDOW_S // 60} min",
            f"{chosen.device_tries} wrong codes in {chosen.device_minutes} min",
        ),
        "Guessing": (
            f"| {chosen.pair_failures} failures in {chosen.pair_minutes} min |",
            f"| wait {', '.join(map(str, chosen.pair_wait_minutes))} min",
            f"| {chosen.name_failures} in an hour |",
            f"| {chosen.address_failures} in {chosen.address_minutes} min |",
            f"| {chosen.spraying_names} in {chosen.spraying_minutes} min |",
            f"| {chosen.factor_tries_per_5_minutes} in 5 min, ",
            f", {chosen.factor_tries_per_hour} an hour, {chosen.factor_tries_per_day} a day |",
            f"| {chosen.proof_tries} in {chosen.proof_minutes} min |",
            f"may be mistyped ({verification.CODE_TRIES} times)",
            f"{defaults.accounts.sign_ups_per_hour_per_ip} an hour of an address",
            f"{defaults.accounts.sign_ups_per_hour_per_network} of a network",
            f"{defaults.accounts.sign_ups_per_hour} in all",
        ),
        "Sessions": (
            f"| {sessions.REMEMBERED.idle.days} days | {sessions.REMEMBERED.absolute.days} days |",
            f"| {hours(sessions.PASSING.idle)} hours | {hours(sessions.PASSING.absolute)} hours |",
            f"| {hours(sessions.ADMIN.idle * 60)} minutes | {hours(sessions.ADMIN.absolute)} hours",
            f"| {sessions.MOST} of one account",
            f"| {sessions.ADMINS_MOST} |",
            f"access token that lives {hours(families.BROWSER_LIFE)} hours",
            f"or {families.DEVICE_LIFE.days} days where it has no browser",
            f"a token that lives {families.REFRESH_LIFE.days} days",
            f"at most {families.LONGEST_LIFE.days} days after the log-in",
        ),
        "Passwords": (
            f"{policy.SEED.shortest} to {policy.LONGEST} characters",
            f"{policy.PASSPHRASE.shortest} to {policy.LONGEST}",
        ),
        "Logs": (f"`audit.retention_days` ({defaults.audit.retention_days})",),
    }
    hour = (chosen.name_minutes, chosen.name_guard_minutes, chosen.spraying_wait_minutes)
    assert set(hour) == {60}
    missing = [text for name, texts in told.items() for text in texts if text not in section(name)]
    assert missing == []


def hours(life: object) -> int:
    return int(life.total_seconds() // 3600)  # type: ignore[attr-defined]  # a timedelta


# Doors behind which somebody shows who they are, and what the document calls them.
CODES: Final = "device and authorization code"
WAYS: Final = {
    "/login": "password", "/login/2fa": "password", "/login/recovery": "password",
    "/login/confirm/{token}": "password", "/login/link": "another site",
    "/login/passkey": "passkey", "/login/with/{provider}": "another site",
    "/reset-password/{token}": "forgotten password", "/api/login": "`POST /api/login`",
    "/oauth/token": CODES, "/oauth/device": CODES, "/device": CODES, "/oauth/authorize": CODES,
    "/admin": "administration",
}  # fmt: skip
NO_WAY_IN: Final = {"/login/mailed", "/login/callback/{provider}"}  # goes on with one of those


def test_every_way_in_is_written_down() -> None:
    doors = {
        route.template
        for route in ROUTES
        if "POST" in route.methods
        and (
            route.template.startswith(("/login", "/reset-password", "/oauth/authorize"))
            or route.template
            in ("/api/login", "/oauth/token", "/oauth/device", "/device", "/admin")
        )
    }
    assert doors <= WAYS.keys() | NO_WAY_IN, "write the new way in down, and name it here"
    ways = section("Ways in")
    assert [way for way in WAYS.values() if f"| {way}" not in ways] == []


TEXTS: Final = {
    file.relative_to(SOURCE).as_posix(): file.read_text("utf-8")
    for file in sorted(SOURCE.rglob("*.py"))
}
_IMPORT: Final = re.compile(r"^ *(?:from|import) (\w+)", re.MULTILINE)
LIBRARIES: Final = {file: frozenset(_IMPORT.findall(text)) for file, text in TEXTS.items()}


CRYPTOGRAPHY: Final = {
    "argon2", "asyncssh", "bcrypt", "Crypto", "cryptography", "hashlib", "hmac", "joserfc", "jwt",
    "nacl", "paramiko", "passlib", "pyotp", "pysequoia", "secrets", "ssl", "uuid", "webauthn",
}  # fmt: skip


def inventory() -> Mapping[str, tuple[str, ...]]:
    """The modules that the document names for each library."""
    rows = re.findall(
        r"^\| `(\w+)` \|[^|]*\| ([^|]*) \|$", section("Cryptography in use"), re.MULTILINE
    )
    return {library: tuple(_QUOTED.findall(modules)) for library, modules in rows}


def test_every_use_of_cryptography_is_in_the_inventory() -> None:
    written, missing = inventory(), []
    for file, names in LIBRARIES.items():
        for library in names & CRYPTOGRAPHY:
            places = written.get(library, ())
            if not any(file == one or (one[-1] == "/" and file.startswith(one)) for one in places):
                missing.append(f"{library} in {file}")
    assert missing == []  # say in docs/security.md what it is for
    assert written.keys() <= frozenset().union(*LIBRARIES.values())
    # Guessable numbers protect nothing, so they are not there at all.
    assert [file for file, names in LIBRARIES.items() if "random" in names] == []


def test_no_weak_hash_protects_anything() -> None:
    weak = re.compile(r"hashlib\.(?:md5|sha1|new)\([^\n]*|import (?:md5|sha1)\b")
    found = [(file, call) for file, text in TEXTS.items() for call in weak.findall(text)]
    assert [(file, call) for file, call in found if "usedforsecurity=False" not in call] == []


def test_no_weak_cipher_is_imported() -> None:
    taken = re.compile(r"^ *from (cryptography\.hazmat\.primitives\.ciphers.*)$", re.MULTILINE)
    ciphers = {line for text in TEXTS.values() for line in taken.findall(text)}
    assert ciphers == {"cryptography.hazmat.primitives.ciphers.aead import AESGCM"}
    # RSA encrypts nothing here.
    assert [file for file, text in TEXTS.items() if "PKCS1" in text] == []


def test_password_hashes_cost_what_owasp_says() -> None:
    kept = hashing._hasher(Settings().accounts.password_hash_mib)  # noqa: SLF001 — what is used
    assert kept.type.name == "ID"
    assert kept.memory_cost >= 46 * 1024
    assert (kept.time_cost, kept.parallelism) == (1, 1)
    assert kept.salt_len >= 16
    assert MIN_PASSWORD_HASH_MIB >= 19


def test_codes_are_long_enough() -> None:
    assert len(codes.ALPHABET) ** codes.LENGTH >= 2**50
    assert 10**checking._DIGITS >= 2**19.9  # noqa: SLF001 — six digits
    assert checking.MAILED_LIFE.total_seconds() <= 600
    assert waiting.LIFE.total_seconds() <= 600
    assert halfway.LIFE.total_seconds() <= 600
    assert (totp.SECONDS, totp.DRIFT) == (30, 1)
    assert reset.LIFE.total_seconds() <= 3600
    assert keys.BITS >= 3072
    assert secrets.MARK_LENGTH * 8 >= 128
    assert MIN_SECRET_LENGTH >= 32
    # Every id that nobody may guess is made of 16 bytes or more.
    made = re.compile(r"secrets\.token_(?:urlsafe|hex|bytes)\((\d+)\)")
    short = {
        file for file, text in TEXTS.items() if any(int(size) < 16 for size in made.findall(text))
    }
    assert short == GUESSABLE


# Names that have to be new, and that open nothing.
GUESSABLE: Final = {
    "accounts/plans/shared_rates.py",  # of a process
    "content/writing/intake.py",  # of a commit
    "core/instance.py",  # of a database
    "core/names.py",  # the ids that the API shows
    "core/secrets.py",  # of a draft
    "credentials/legacy.py",  # ends the name of a token
    "credentials/tokens/given.py",  # the same
    "lib/keys/host.py",  # of a draft
    "lib/pictures/shelf.py",  # of an upload, whose bytes are served under another name
}


def test_an_empty_hub_has_no_account(hub: Hub) -> None:
    with hub.database.reading() as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(users)) == 0


def test_every_logger_is_written_down() -> None:
    """Lines go to standard error alone: nothing opens a file or a socket for them."""
    assert "WriteLoggerFactory(sys.stderr)" in TEXTS["lib/logs.py"]
    opened = re.compile(r"(?:File|Socket|SysLog|HTTP|SMTP|Stream)Handler\(|dictConfig|basicConfig")
    assert [file for file, text in TEXTS.items() if opened.search(text)] == []
    for log in ("request log", "SSH", "audit log", "seals", "mail log", "webhook log"):
        assert f"| {log} |" in section("Logs")


@pytest.mark.parametrize("heading", ["Keys", "Data", "Second factors"])
def test_a_section_is_there(heading: str) -> None:
    assert len(section(heading)) > 500
