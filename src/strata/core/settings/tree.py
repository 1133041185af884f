"""Every setting: type, default, unit and one line of meaning, in one place.

`docs/settings.md` is generated from this file; `loading` says where the values come from.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

MIB = 1024 * 1024
GIB = 1024 * MIB


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
    aliases: tuple[str, ...] = setting(
        (),
        "Host names beside the one of public_url under which the hub is reached, such as an internal one; others are refused.",
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
        "Mails that one worker hands over at once; those to domains that fall silent leave at least one of them to the others.",
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
    first_admin_code: str = setting(
        "",
        "What the first sign-up on an empty hub has to enter; it becomes the admin of the site, and until then nobody signs up. At least 16 characters; empty: the first sign-up becomes the admin without.",
        secret=True,
    )
    allowed_domains: tuple[str, ...] = setting(
        (), "E-mail domains that may sign up (`example.com`, `*.example.com`); empty: any."
    )
    blocked_domains: tuple[str, ...] = setting((), "E-mail domains that may not sign up.")
    allow_disposable: bool = setting(
        default=False, doc="Let addresses of known throw-away mailboxes sign up."
    )
    disposable_file: Path = setting(
        Path(),
        "List of domains of throw-away mailboxes, one a line, instead of the one that comes along; empty: `disposable_domains.txt` in the data folder, where `strata disposable refresh` puts a newer one.",
    )
    check_mail_domains: bool = setting(
        default=False,
        doc="Ask a name server whether a domain takes mail at all before somebody signs up with it; while it does not answer, nobody is kept out. Domains of `allowed_domains` are not asked about.",
    )
    name_servers: tuple[str, ...] = setting(
        (),
        "Name servers for `check_mail_domains` (`10.0.0.53`, `10.0.0.53:5353`); empty: those of this machine.",
    )
    fastest_sign_up_s: int = setting(
        1, "Who fills in the sign-up forms faster is taken for a robot; 0: nobody.", unit="seconds"
    )
    unconfirmed_days: int = setting(
        30,
        "Accounts whose address is never confirmed are removed after this, with a mail 3 days before.",
        unit="days",
    )
    consent_grace_days: int = setting(
        14,
        "How long people may go on writing in the browser after other terms, another privacy policy or other guidelines were published, before they agree to them; 0: not at all.",
        unit="days",
    )
    former_name_days: int = setting(
        180,
        "How long a name that somebody gave up by a new name or with their account is kept from everybody else; 0: for ever.",
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
    console_factor: str = setting(
        "auto",
        "What admins of the site show to enter its administration, besides logging in: a `passkey`, a `second` factor of any kind, or `none`; `auto`: a passkey where browsers have them (https), else a second factor, and nothing on a hub without public_url.",
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
    places_file: Path = setting(
        Path(),
        "Database in MaxMind's format (.mmdb) of the cities or countries that addresses belong to, such as GeoLite2-City or DB-IP Lite: shown beside addresses in sessions, logs and mails about log-ins. Read at start; empty: none.",
    )
    password_reminder_days: int = setting(
        0,
        "Whoever logs in with a password older than this is reminded that another can be chosen; nobody has to; 0: nobody is.",
        unit="days",
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
class OauthSettings:
    """Applications that people log in to with their account here."""

    client_documents: bool = setting(
        default=False,
        doc="Take the https address of a client metadata document as client_id: the hub then fetches addresses that strangers chose, for people who are logged in.",
    )
    pkce_always: bool = setting(
        default=False,
        doc="Demand PKCE of applications with a secret too; huggingface_hub's and gradio's log-in do not send it.",
    )


@dataclass(frozen=True, slots=True)
class PublishersSettings:
    """Jobs of CI services that come with a statement instead of a token."""

    issuers: tuple[str, ...] = setting(
        ("https://token.actions.githubusercontent.com", "https://gitlab.com"),
        "Issuers of ID tokens that people may name as trusted publishers.",
    )
    reusable: tuple[str, ...] = setting(
        ("https://gitlab.com",),
        "Of these, the ones that give a job one ID token for all of its steps, so that it may be exchanged more than once.",
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
        "A thread is mailed about when nothing more has happened in it for so long, or after 15 minutes of news.",
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
    """The whole tree; `loading` says which value wins."""

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
    former_secret_keys: tuple[str, ...] = setting(
        (),
        "Secret keys of before, the newest first, which are still read; `strata secrets renew` does away with the need for them (docs/operating.md).",
        secret=True,
    )
    site_name: str = setting("Strata", "Name shown on pages and in mails.")
    language: str = setting(
        "en", "Language when neither address, cookie nor browser names one: en or zh-CN."
    )
    private: bool = setting(
        default=False,
        doc="Only people with a confirmed account see anything but the ways in; everybody else is led to the log-in. Who may have an account is what `accounts.sign_up` says.",
    )
    testing: bool = setting(
        default=False,
        doc="Allow crash_at, cheap password hashes and short keys; for the project's own tests.",
    )
    crash_at: str = setting("", "Named step at which the process ends at once; only with testing.")
    server: ServerSettings = field(default_factory=ServerSettings)
    database: DatabaseSettings = field(default_factory=DatabaseSettings)
    objects: ObjectsSettings = field(default_factory=ObjectsSettings)
    mail: MailSettings = field(default_factory=MailSettings)
    accounts: AccountsSettings = field(default_factory=AccountsSettings)
    logins: LoginsSettings = field(default_factory=LoginsSettings)
    oauth: OauthSettings = field(default_factory=OauthSettings)
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
