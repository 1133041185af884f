"""Every setting: type, default, unit and one line of meaning, in one place.

Order of precedence: `STRATA_…` environment, then the TOML file named by `--config` or `STRATA_CONFIG`, then the
default. `STRATA_MAIL_URL` sets `mail.url`; a top-level field such as `data` is `STRATA_DATA`. Unknown keys are errors:
a typing mistake must not silently leave a protection off. `docs/settings.md` is generated from this file.
"""

from __future__ import annotations

import functools
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date
from pathlib import Path
from typing import Any, get_type_hints
from urllib.parse import urlsplit

from strata.lib.http.guard import Allowed

MIB = 1024 * 1024
GIB = 1024 * MIB


class BadSettings(ValueError):
    """The settings cannot be used; the message says how to mend them."""


def setting(default: Any, doc: str, *, unit: str = "", secret: bool = False) -> Any:
    """Declare one setting with the line of meaning that the docs print."""
    return field(default=default, metadata={"doc": doc, "unit": unit, "secret": secret})


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """How the hub listens."""

    host: str = setting(
        "127.0.0.1", "Address to listen on; anything but loopback needs public_url and secret_key."
    )
    port: int = setting(8080, "TCP port to listen on.")
    workers: int = setting(1, "Worker processes; each runs its own event loop.")
    threads: int = setting(
        8, "Threads of one worker that run room code; also its database connections."
    )
    trusted_proxies: tuple[str, ...] = setting(
        (), "Addresses or networks whose X-Forwarded-* headers are believed."
    )
    accel_prefix: str = setting(
        "", "Internal nginx location that maps to the data folder; sends files by X-Accel-Redirect."
    )
    log_format: str = setting("auto", "`json`, `console`, or `auto`: console on a terminal.")
    log_level: str = setting(
        "info", "Least severe level that is logged: debug, info, warning, error."
    )


@dataclass(frozen=True, slots=True)
class DatabaseSettings:
    """Where tables live."""

    url: str = setting(
        "",
        "SQLAlchemy URL, e.g. postgresql+psycopg://…; empty: SQLite in the data folder.",
        secret=True,
    )


@dataclass(frozen=True, slots=True)
class ObjectsSettings:
    """Where large files live."""

    url: str = setting("", "s3://bucket/prefix; empty: the data folder.")
    endpoint: str = setting("", "Address of an S3-compatible store; empty: the region's own.")
    region: str = setting("us-east-1", "Region that requests to the S3 store are signed for.")
    access_key: str = setting("", "Access key id of the S3 store.", secret=True)
    secret_key: str = setting("", "Secret access key of the S3 store.", secret=True)
    redirect: bool = setting(
        default=True,
        doc="Send downloads to the S3 store by presigned redirect instead of through the hub.",
    )


@dataclass(frozen=True, slots=True)
class MailSettings:
    """How mail leaves the hub."""

    url: str = setting(
        "",
        "smtp://user:password@host:587?from=hub@example.com, or smtps://…; empty: keep mails in the outbox.",
        secret=True,
    )
    bounces_to: str = setting(
        "",
        "Where returned mail goes, each with a tag of its own (`bounces@example.com` becomes `bounces+TAG@example.com`): pipe it into `strata mail bounce`. Empty: the sender; mails are then told by their Message-ID.",
    )
    concurrent: int = setting(
        4,
        "Mails that one worker hands over at once; those to one domain take all but one of them.",
    )
    log_deliveries: int = setting(
        1000, "The newest mails that the delivery log keeps; those of the last week stay anyway."
    )


@dataclass(frozen=True, slots=True)
class AccountsSettings:
    """Who may join."""

    sign_up: str = setting(
        "open",
        "`open`; `domains`: addresses of `allowed_domains`; `invite`: with an invitation; `approval`: operators let each one in; `closed`: operators create accounts.",
    )
    allowed_domains: tuple[str, ...] = setting(
        (), "E-mail domains that may sign up (`example.com`, `*.example.com`); empty: any."
    )
    blocked_domains: tuple[str, ...] = setting((), "E-mail domains that may not sign up.")
    allow_disposable: bool = setting(
        default=False, doc="Let addresses of known throw-away mailboxes sign up."
    )
    fastest_sign_up_s: int = setting(
        1, "Who fills in the sign-up forms faster is taken for a robot; 0: nobody.", unit="seconds"
    )
    unconfirmed_days: int = setting(
        30,
        "Accounts whose address is never confirmed are removed after this, with a mail 3 days before.",
        unit="days",
    )
    sign_ups_per_hour_per_ip: int = setting(5, "Sign-ups one address may make in an hour.")
    sign_ups_per_hour_per_network: int = setting(
        20, "Sign-ups one /24 (IPv6: /48) may make in an hour."
    )
    sign_ups_per_hour: int = setting(200, "Sign-ups the whole hub takes in an hour.")
    organizations_per_day: int = setting(10, "Organizations one account may create in a day.")
    legacy_password_login: bool = setting(
        default=False,
        doc="Let huggingface_hub before 0.8 log in with a name and a password (`POST /api/login`).",
    )
    confirm_new_browsers: bool = setting(
        default=False,
        doc="Accounts without a second factor confirm every browser they first log in with by a link in a mail. Needs a mail server.",
    )
    two_factor: str = setting(
        "off",
        "Who must have a second factor to use what organizations have: nobody (`off`), `admins` of the site, or `everybody`.",
    )
    two_factor_since: str = setting(
        "",
        "Day (2026-12-31) from which `two_factor_grace_days` count for accounts that are older; empty: from their creation.",
    )
    two_factor_grace_days: int = setting(
        7, "How long `two_factor` leaves an account to set it up.", unit="days"
    )
    factor_removal_hours: int = setting(
        0,
        "How long the last second factor goes on working after its removal, which can be cancelled meanwhile; 0: it ends at once.",
        unit="hours",
    )
    tokens_per_user: int = setting(
        100, "Active access tokens one account may hold that has no plan; 0: no limit."
    )
    keys_per_user: int = setting(
        20, "SSH keys one account may hold that has no plan, and as many GPG keys; 0: no limit."
    )
    token_days: int = setting(
        0, "Longest life of an access token; 0: they may live for ever.", unit="days"
    )
    sign_up_work_bits: int = setting(
        0,
        "Work that a browser or script does before a sign-up: it finds a SHA-256 with so many leading zero bits; 18 take a phone a few seconds, one more doubles that, at most 24; 0: none.",
        unit="bits",
    )
    password_policy: str = setting(
        "seed",
        "`seed`: 8 characters or more with upper case, lower case and a special symbol; `passphrase`: 12 or more of any kind.",
    )
    breach_file: Path = setting(
        Path(),
        "List of leaked passwords that nobody may choose: sorted lines of SHA-1 as haveibeenpwned.com offers them, in one file or in a folder of one file for each first five digits; empty: none.",
    )
    breach_api: str = setting(
        "",
        "Address that is asked for leaked passwords by the first five digits of their SHA-1, such as https://api.pwnedpasswords.com/range/; empty: none. Passwords are accepted while it is silent.",
    )
    password_hash_slots: int = setting(
        2,
        "Password hashes computed at once, in threads of their own; each takes password_hash_mib.",
    )
    password_hash_mib: int = setting(
        46, "Memory that a new password hash takes; at least 19.", unit="MiB"
    )


@dataclass(frozen=True, slots=True)
class AuditSettings:
    """What happened, and how long it is kept."""

    retention_days: int = setting(400, "Entries of the audit log are kept this long.", unit="days")


@dataclass(frozen=True, slots=True)
class LeaksSettings:
    """Access tokens that others found."""

    scanner_keys: Path = setting(
        Path(),
        "JSON file with the public keys of secret scanners that may report tokens, as GitHub publishes its own (docs/operating.md); empty: none may.",
    )


@dataclass(frozen=True, slots=True)
class SshSettings:
    """Git over SSH."""

    enabled: bool = setting(default=False, doc="Serve git over SSH beside HTTP.")
    host: str = setting("", "Address to listen on for SSH; empty: that of server.host.")
    port: int = setting(2222, "TCP port to listen on for SSH.")
    public_host: str = setting(
        "", "Host name in SSH clone addresses; empty: the one of public_url."
    )
    public_port: int = setting(
        0, "Port in SSH clone addresses, such as 22 behind a forwarded port; 0: ssh.port."
    )
    host_keys: str = setting(
        "",
        "Folder of the private host keys; missing ones are made there once. Several nodes need the same keys. Empty: `ssh` in the data folder.",
    )
    connections: int = setting(200, "SSH connections that one worker serves at once.")
    connections_per_address: int = setting(
        20, "SSH connections that one address (IPv6: /64) may hold at one worker."
    )
    login_s: int = setting(30, "Who has not logged in after this is hung up on.", unit="seconds")
    idle_s: int = setting(
        600, "An SSH connection over which nothing moves is closed after this.", unit="seconds"
    )


@dataclass(frozen=True, slots=True)
class LoginsSettings:
    """Logging in with an account of another site."""

    file: Path = setting(
        Path(),
        "TOML file with a [[provider]] table for each site (docs/operating.md); empty: none.",
    )


@dataclass(frozen=True, slots=True)
class PublishersSettings:
    """Jobs of CI services that come with a statement instead of a token."""

    issuers: tuple[str, ...] = setting(
        ("https://token.actions.githubusercontent.com", "https://gitlab.com"),
        "Issuers of ID tokens that people may name as trusted publishers.",
    )


@dataclass(frozen=True, slots=True)
class LfsSettings:
    """Uploads of large files over LFS."""

    multipart_threshold_bytes: int = setting(
        1 * GIB,
        "Files of at least this size are uploaded in parts when the client can.",
        unit="bytes",
    )
    part_bytes: int = setting(128 * MIB, "Size of one part.", unit="bytes")
    link_lifetime_s: int = setting(
        6 * 3600, "How long an upload or download link lives.", unit="seconds"
    )


@dataclass(frozen=True, slots=True)
class XetSettings:
    """Chunk-level storage."""

    token_lifetime_s: int = setting(
        3600, "Life of a CAS token; clients refresh at 60 s.", unit="seconds"
    )
    link_lifetime_s: int = setting(3600, "Life of a signed xorb range link.", unit="seconds")
    epoch: int = setting(
        1, "Part of the CAS address; raise it to make every client drop its cache."
    )
    retention_days: int = setting(
        28, "Unreachable chunks are kept this long; clients reuse them for 21 days.", unit="days"
    )


@dataclass(frozen=True, slots=True)
class WebhooksSettings:
    """How the hub calls the addresses that people give it."""

    allow: tuple[str, ...] = setting(
        (),
        "Hosts (`hooks.example.com`, `*.example.com`) and networks (`10.0.0.0/8`) that may be called although they are inside this server's network.",
    )
    allow_http: bool = setting(
        default=False,
        doc="Let targets begin with http://, where everybody on the way can read along.",
    )
    proxy: str = setting(
        "",
        "Proxy that calls go through, such as http://proxy:3128; empty: HTTPS_PROXY of the environment, if any.",
        secret=True,
    )
    no_proxy: tuple[str, ...] = setting(
        (),
        "Hosts and domains that are called without the proxy; empty: NO_PROXY of the environment.",
    )
    timeout_s: int = setting(
        10, "A target that has not answered after this is hung up on.", unit="seconds"
    )
    concurrent: int = setting(4, "Webhooks that one worker calls at once.")
    per_user: int = setting(20, "Webhooks one account may have that has no plan; 0: no limit.")
    triggers_per_day: int = setting(
        1000, "Deliveries of one webhook in 24 hours, without a plan; 0: no limit."
    )
    log_days: int = setting(
        30, "Deliveries are kept this long for their owner to read.", unit="days"
    )


@dataclass(frozen=True, slots=True)
class NotificationsSettings:
    """What people are told of in their inbox."""

    read_days: int = setting(
        90, "A notification that is read or done is forgotten after this.", unit="days"
    )
    unread_days: int = setting(365, "An unread notification is forgotten after this.", unit="days")
    mail_settle_s: int = setting(
        60,
        "A thread is mailed about when nothing more has happened in it for so long.",
        unit="seconds",
    )


@dataclass(frozen=True, slots=True)
class LimitsSettings:
    """Sizes that are refused before they cost anything."""

    max_file_bytes: int = setting(500 * GIB, "Largest file of any kind.", unit="bytes")
    regular_file_bytes: int = setting(
        10 * MIB, "Largest file kept in git itself; larger ones are LFS.", unit="bytes"
    )
    commit_body_bytes: int = setting(512 * MIB, "Largest body of a commit request.", unit="bytes")
    json_body_bytes: int = setting(
        16 * MIB, "Largest body of any other JSON request.", unit="bytes"
    )
    push_bytes: int = setting(5 * GIB, "Largest pack of one git push.", unit="bytes")
    posts_per_hour: int = setting(
        1000, "Discussions, comments, edits and reactions that one person may write in an hour."
    )
    attachment_bytes: int = setting(
        10 * MIB, "Largest picture or sound attached to a comment.", unit="bytes"
    )
    film_bytes: int = setting(50 * MIB, "Largest film attached to a comment.", unit="bytes")
    attachments_per_hour: int = setting(
        100, "Files that one person may attach to comments in an hour."
    )
    bucket_bytes: int = setting(
        1024 * 1024 * GIB, "What the files of one bucket may have together.", unit="bytes"
    )
    bucket_files: int = setting(
        100_000_000, "How many files one bucket may hold whose owner has no plan; 0: no limit."
    )


@dataclass(frozen=True, slots=True)
class RatesSettings:
    """Requests that one caller may make in five minutes, each kind counted apart."""

    enabled: bool = setting(
        default=True, doc="`false`: nobody is limited; only behind something else that limits."
    )
    api: int = setting(1_000, "API requests of an account.")
    resolvers: int = setting(5_000, "File requests (`/resolve/`) of an account.")
    pages: int = setting(200, "Pages that an account looks at.")
    git: int = setting(1_000, "Requests of git and git-lfs of an account.")
    ssh: int = setting(1_000, "Commands of an account over SSH.")
    anonymous_api: int = setting(500, "API requests of an address without an account.")
    anonymous_resolvers: int = setting(3_000, "File requests of an address without an account.")
    anonymous_pages: int = setting(100, "Pages for an address without an account.")
    anonymous_git: int = setting(300, "Requests of git of an address without an account.")
    anonymous_ssh: int = setting(200, "Commands over SSH of an address without an account.")
    transfers: int = setting(
        50_000, "Requests from an address for bytes behind links that the hub handed out."
    )
    token_failures: int = setting(
        100, "Wrong access tokens from one address in ten minutes before it is answered 429."
    )


@dataclass(frozen=True, slots=True)
class QuotasSettings:
    """What every person and organization may have that has no plan of their own; 0: no limit."""

    private_bytes: int = setting(
        20 * GIB, "Large files of the private repos of one owner, each once.", unit="bytes"
    )
    public_bytes: int = setting(
        100 * GIB, "Large files of the public repos of one owner, each once.", unit="bytes"
    )
    file_bytes: int = setting(50 * GIB, "One large file.", unit="bytes")
    repos: int = setting(500, "Repositories of one owner.")
    organizations: int = setting(5, "Organizations that one person administers.")
    members: int = setting(25, "Members of one organization.")
    repo_files: int = setting(100_000, "Files of one repository, at any of its revisions.")
    folder_files: int = setting(10_000, "Files and folders directly in one folder.")


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole tree; see the module docstring for precedence."""

    data: Path = setting(
        Path("data"), "Folder that holds everything the hub keeps on this machine."
    )
    public_url: str = setting(
        "",
        "Address that people use, with path prefix if any; empty: what the request says (loopback only).",
    )
    secret_key: str = setting(
        "",
        "At least 32 characters that sign links and hash tokens; empty: kept in the data folder (loopback only).",
        secret=True,
    )
    site_name: str = setting("Strata", "Name shown on pages and in mails.")
    language: str = setting(
        "en", "Language when neither address, cookie nor browser names one: en or zh-CN."
    )
    testing: bool = setting(
        default=False, doc="Allow crash_at and cheap password hashes; for the project's own tests."
    )
    crash_at: str = setting("", "Named step at which the process ends at once; only with testing.")
    server: ServerSettings = field(default_factory=ServerSettings)
    database: DatabaseSettings = field(default_factory=DatabaseSettings)
    objects: ObjectsSettings = field(default_factory=ObjectsSettings)
    mail: MailSettings = field(default_factory=MailSettings)
    accounts: AccountsSettings = field(default_factory=AccountsSettings)
    logins: LoginsSettings = field(default_factory=LoginsSettings)
    publishers: PublishersSettings = field(default_factory=PublishersSettings)
    audit: AuditSettings = field(default_factory=AuditSettings)
    leaks: LeaksSettings = field(default_factory=LeaksSettings)
    ssh: SshSettings = field(default_factory=SshSettings)
    lfs: LfsSettings = field(default_factory=LfsSettings)
    xet: XetSettings = field(default_factory=XetSettings)
    webhooks: WebhooksSettings = field(default_factory=WebhooksSettings)
    notifications: NotificationsSettings = field(default_factory=NotificationsSettings)
    limits: LimitsSettings = field(default_factory=LimitsSettings)
    rates: RatesSettings = field(default_factory=RatesSettings)
    quotas: QuotasSettings = field(default_factory=QuotasSettings)

    @property
    def prefix(self) -> str:
        """The path under which the hub is published: empty, or `/hub`."""
        return urlsplit(self.public_url).path.rstrip("/")

    @property
    def ssh_host(self) -> str:
        """The host name in SSH clone addresses."""
        return self.ssh.public_host or urlsplit(self.public_url).hostname or "localhost"

    @property
    def ssh_keys_folder(self) -> Path:
        """Where the private host keys of the SSH server are."""
        return Path(self.ssh.host_keys).expanduser() if self.ssh.host_keys else self.data / "ssh"

    @property
    def database_url(self) -> str:
        return self.database.url or f"sqlite:///{self.data / 'strata.db'}"


@dataclass(frozen=True, slots=True)
class Described:
    """One setting as docs and `strata config` show it."""

    key: str  # "mail.url"
    variable: str  # "STRATA_MAIL_URL"
    type: str
    default: object
    doc: str
    unit: str
    secret: bool


def described() -> list[Described]:
    """Every setting in declaration order."""
    return [
        Described(
            key=key,
            variable=_variable(key),
            type=_type_name(hint),
            default=entry.default,
            doc=entry.metadata["doc"],
            unit=entry.metadata["unit"],
            secret=entry.metadata["secret"],
        )
        for key, entry, hint in _leaves()
    ]


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings and where each value came from."""

    settings: Settings
    origins: Mapping[
        str, str
    ]  # key → "environment", "file" or "default"; overrides say "command line"


def load(
    *,
    environment: Mapping[str, str] | None = None,
    file: Path | None = None,
    overrides: Mapping[str, object] | None = None,
) -> Loaded:
    """Read the settings from all their places.

    Args:
        environment: stands in for the process environment.
        file: a TOML file; `STRATA_CONFIG` names it when absent.
        overrides: key → value from the command line; None values are ignored.

    Raises:
        BadSettings: an unknown key, a value of the wrong type, or a combination that is not safe.
    """
    surroundings = os.environ if environment is None else environment  # noqa: TID251 — the one reader of the environment
    variables = {k: v for k, v in surroundings.items() if k.startswith("STRATA_")}
    named_file = variables.pop("STRATA_CONFIG", "")
    path = file or (Path(named_file) if named_file else None)
    values, origins = _from_file(path) if path else ({}, {})
    _merge_environment(variables, values, origins)
    _borrow(surroundings, values, origins)
    for key, value in (overrides or {}).items():
        if value is not None:
            values[key] = value
            origins[key] = "command line"
    settings = _build(values)
    _check(settings)
    return Loaded(settings, {d.key: origins.get(d.key, "default") for d in described()})


@functools.cache
def _hints_of(group: Any) -> Mapping[str, Any]:
    # Reading annotations takes longer than everything else here, and they never change.
    return get_type_hints(group)


@functools.cache
def _leaves() -> tuple[tuple[str, Any, Any], ...]:
    leaves: list[tuple[str, Any, Any]] = []
    hints = _hints_of(Settings)
    for entry in fields(Settings):
        hint = hints[entry.name]
        if not is_dataclass(hint):
            leaves.append((entry.name, entry, hint))
            continue
        inner = _hints_of(hints[entry.name])
        leaves += [(f"{entry.name}.{leaf.name}", leaf, inner[leaf.name]) for leaf in fields(hint)]
    return tuple(leaves)


def _variable(key: str) -> str:
    return "STRATA_" + key.replace(".", "_").upper()


def _type_name(hint: Any) -> str:
    return (
        "list of text"
        if hint == tuple[str, ...]
        else {"str": "text", "int": "number", "bool": "true or false", "Path": "path"}[
            hint.__name__
        ]
    )


def _from_file(path: Path) -> tuple[dict[str, object], dict[str, str]]:
    try:
        parsed = tomllib.loads(path.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettings(f"The settings file {path} cannot be read: {error}") from error
    flat: dict[str, object] = {}
    for name, value in parsed.items():
        if isinstance(value, dict):
            flat |= {f"{name}.{leaf}": inner for leaf, inner in value.items()}
        else:
            flat[name] = value
    known = {key for key, _, _ in _leaves()}
    for key in flat:
        if key not in known:
            raise BadSettings(
                f"Unknown setting `{key}` in {path}. See docs/settings.md for the names."
            )
    return flat, dict.fromkeys(flat, "file")


def _merge_environment(
    variables: Mapping[str, str], values: dict[str, object], origins: dict[str, str]
) -> None:
    by_variable = {_variable(key): key for key, _, _ in _leaves()}
    for variable, text in variables.items():
        key = by_variable.get(variable)
        if key is None:
            raise BadSettings(
                f"Unknown setting {variable} in the environment. See docs/settings.md for the names."
            )
        values[key] = text
        origins[key] = "environment"


# What every program of a machine is told by the same names (product S-020).
_BORROWED = {
    "webhooks.proxy": ("HTTPS_PROXY", "https_proxy"),
    "webhooks.no_proxy": ("NO_PROXY", "no_proxy"),
}


def _borrow(
    surroundings: Mapping[str, str], values: dict[str, object], origins: dict[str, str]
) -> None:
    for key, variables in _BORROWED.items():
        text = next((surroundings[name] for name in variables if surroundings.get(name)), "")
        if text and key not in values:
            values[key] = text
            origins[key] = "environment"


def _build(values: Mapping[str, object]) -> Settings:
    converted = {
        key: _convert(key, values[key], hint) for key, _, hint in _leaves() if key in values
    }
    hints = _hints_of(Settings)
    arguments: dict[str, Any] = {}
    for entry in fields(Settings):
        group = hints[entry.name]
        if is_dataclass(group):
            prefix = f"{entry.name}."
            inner = {
                k.removeprefix(prefix): v for k, v in converted.items() if k.startswith(prefix)
            }
            arguments[entry.name] = group(**inner)  # type: ignore[operator]  # a dataclass type is callable
        elif entry.name in converted:
            arguments[entry.name] = converted[entry.name]
    return Settings(**arguments)


_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off", ""})


def _convert(key: str, value: object, hint: Any) -> object:
    try:
        return _converted(value, hint)
    except (TypeError, ValueError) as error:
        raise BadSettings(f"Setting `{key}` must be {_type_name(hint)}, not {value!r}.") from error


def _converted(value: object, hint: Any) -> object:
    if hint == tuple[str, ...]:
        parts = value.split(",") if isinstance(value, str) else value
        if not isinstance(parts, (list, tuple)):
            raise TypeError
        return tuple(str(part).strip() for part in parts if str(part).strip())
    if hint is bool and isinstance(value, str):
        if value.lower() not in _TRUE | _FALSE:
            raise ValueError
        return value.lower() in _TRUE
    if hint is int and isinstance(value, str):
        return int(value.replace("_", ""))
    if hint is Path:
        return Path(str(value)).expanduser()
    if not isinstance(value, hint) or (hint is int and isinstance(value, bool)):
        raise TypeError
    return value


LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
MIN_SECRET_LENGTH = 32
LONGEST_CALL_S = 60
MIN_PASSWORD_HASH_MIB = 19  # OWASP's least for argon2id
MOST_WORK_BITS = 24
MAY_BE_ZERO = frozenset(
    {
        "server.port",
        "ssh.port",
        "ssh.public_port",
        "accounts.fastest_sign_up_s",
        "accounts.sign_up_work_bits",
        "accounts.token_days",
        "accounts.two_factor_grace_days",
        "accounts.factor_removal_hours",
        "accounts.tokens_per_user",
        "accounts.keys_per_user",
        "webhooks.per_user",
        "webhooks.triggers_per_day",
        "limits.bucket_files",
    }
)
LANGUAGES = ("en", "zh-CN")


def _check(settings: Settings) -> None:
    """Refuse combinations that would be unsafe or could not work."""
    public = settings.server.host not in LOOPBACK
    if public and not settings.secret_key:
        raise BadSettings(
            f"Listening on {settings.server.host} needs a stable secret. Set STRATA_SECRET_KEY to at least 32 random "
            "characters (for example `openssl rand -hex 32`) and keep it, or listen on 127.0.0.1."
        )
    if public and not settings.public_url:
        raise BadSettings(
            f"Listening on {settings.server.host} needs STRATA_PUBLIC_URL, the address that people use, "
            "such as https://hub.example.com; without it links could be forged by the Host header."
        )
    keys = settings.leaks.scanner_keys
    if keys != Path() and not keys.is_file():
        raise BadSettings(f"leaks.scanner_keys: there is no file {keys}.")
    if settings.secret_key and len(settings.secret_key) < MIN_SECRET_LENGTH:
        raise BadSettings("STRATA_SECRET_KEY is too short: use at least 32 random characters.")
    if settings.public_url and not settings.public_url.startswith(("http://", "https://")):
        raise BadSettings("STRATA_PUBLIC_URL must start with http:// or https://.")
    if settings.crash_at and not settings.testing:
        raise BadSettings(
            "STRATA_CRASH_AT is for the project's own tests; it needs STRATA_TESTING=1."
        )
    if settings.accounts.password_hash_mib < MIN_PASSWORD_HASH_MIB and not settings.testing:
        raise BadSettings(
            f"Setting `accounts.password_hash_mib` must be at least {MIN_PASSWORD_HASH_MIB}: "
            "cheaper hashes are too easy to guess."
        )
    if settings.language not in LANGUAGES:
        raise BadSettings(f"STRATA_LANGUAGE must be one of {', '.join(LANGUAGES)}.")
    _check_choices(settings)
    _check_outbound(settings)
    _check_numbers(settings)


def _check_choices(settings: Settings) -> None:
    choices = {
        "accounts.sign_up": (
            settings.accounts.sign_up,
            ("open", "domains", "invite", "approval", "closed"),
        ),
        "accounts.password_policy": (settings.accounts.password_policy, ("seed", "passphrase")),
        "accounts.two_factor": (settings.accounts.two_factor, ("off", "admins", "everybody")),
        "server.log_format": (settings.server.log_format, ("auto", "json", "console")),
        "server.log_level": (settings.server.log_level, ("debug", "info", "warning", "error")),
    }
    for key, (value, allowed) in choices.items():
        if value not in allowed:
            raise BadSettings(
                f"Setting `{key}` must be one of {', '.join(allowed)}, not {value!r}."
            )
    _check_day("accounts.two_factor_since", settings.accounts.two_factor_since)
    if settings.accounts.sign_up == "domains" and not settings.accounts.allowed_domains:
        raise BadSettings(
            "Setting `accounts.sign_up` is `domains`: name them in `accounts.allowed_domains`."
        )
    asked = settings.accounts.breach_api
    if asked and not asked.startswith(("http://", "https://")):
        raise BadSettings("Setting `accounts.breach_api` must start with http:// or https://.")
    if settings.objects.url and not settings.objects.url.startswith("s3://"):
        raise BadSettings("STRATA_OBJECTS_URL must look like s3://bucket/prefix.")
    if settings.mail.url and not settings.mail.url.startswith(("smtp://", "smtps://")):
        raise BadSettings("STRATA_MAIL_URL must start with smtp:// or smtps://.")


def _check_day(key: str, text: str) -> None:
    try:
        date.fromisoformat(text or "2000-01-01")
    except ValueError as error:
        raise BadSettings(f"Setting `{key}` must be a day such as 2026-12-31.") from error


def _check_outbound(settings: Settings) -> None:
    try:
        Allowed.parse(settings.webhooks.allow)
    except ValueError as error:
        raise BadSettings(f"Setting `webhooks.allow`: {error}.") from error
    proxy = settings.webhooks.proxy
    if settings.webhooks.timeout_s > LONGEST_CALL_S:
        raise BadSettings(
            f"Setting `webhooks.timeout_s` must be at most {LONGEST_CALL_S}: a call occupies a thread."
        )
    if proxy and not proxy.startswith(("http://", "https://")):
        raise BadSettings("STRATA_WEBHOOKS_PROXY must start with http:// or https://.")


def _check_numbers(settings: Settings) -> None:
    for key, _, hint in _leaves():
        if hint is not int:
            continue
        group, _, leaf = key.rpartition(".")
        value = getattr(getattr(settings, group) if group else settings, leaf)
        least = 0 if key in MAY_BE_ZERO or group == "quotas" else 1
        if value < least:
            raise BadSettings(f"Setting `{key}` must be at least {least}, not {value}.")
    if settings.accounts.sign_up_work_bits > MOST_WORK_BITS:
        raise BadSettings(
            f"Setting `accounts.sign_up_work_bits` must be at most {MOST_WORK_BITS}: phones sign up too."
        )
    if settings.xet.retention_days < 28:
        raise BadSettings(
            "Setting `xet.retention_days` must be at least 28: clients reuse uploaded chunks for 21 days without asking."
        )
