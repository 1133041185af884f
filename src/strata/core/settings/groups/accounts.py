"""Accounts: who gets one, how people get in, and what they are told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from strata.core.settings.groups.setting import setting


@dataclass(frozen=True, slots=True)
class AccountsSettings:
    """Who may join."""

    sign_up: str = setting(
        "open",
        "`open`; `domains`: addresses of `allowed_domains`; `invite`: with an invitation; `approval`: operators let each one in; `closed`: operators create accounts.",
    )
    first_admin_code: str = setting(
        "",
        "What the first sign-up on an empty hub has to enter; it becomes the admin of the site, and until then nobody signs up. At least 16 characters; empty: a hub that others can reach makes a code itself and prints it once, elsewhere the first sign-up becomes the admin without.",
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
        "Name servers for `check_mail_domains`, SPF, DKIM and DMARC (`10.0.0.53`, `10.0.0.53:5353`); empty: those of this machine.",
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
    log_in_work_bits: int = setting(
        18,
        "Work by which a browser or script may log in from an address with too many failures (`entering.address_failures`), which has to wait otherwise: it finds a SHA-256 with so many leading zero bits, for each attempt; at most 24; 0: everybody there waits.",
        unit="bits",
    )
    password_policy: str = setting(
        "seed",
        "`seed`: 8 characters or more with upper case, lower case and a special symbol; `passphrase`: 12 or more of any kind.",
    )
    reserved_names: tuple[str, ...] = setting(
        (),
        "Names that nobody may take or come close to, besides those that mean something to the hub, such as those of your company and its products; operators may create them.",
    )
    password_words: tuple[str, ...] = setting(
        (),
        "Words of 4 letters or more that no password may contain, such as the names of your company, its products and projects.",
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
    password_pepper_file: Path = setting(
        Path(),
        "File of secrets that go into each password hash, a line of 32 characters or more each, the newest first; keep it apart from the database and its backups (docs/operating.md). Read at start; empty: none.",
    )


@dataclass(frozen=True, slots=True)
class LoginsSettings:
    """Logging in with an account of another site."""

    file: Path = setting(
        Path(),
        "TOML file with a [[provider]] table for each site (docs/operating.md); empty: none.",
    )


@dataclass(frozen=True, slots=True)
class AuditSettings:
    """What happened, and how long it is kept."""

    retention_days: int = setting(400, "Entries of the audit log are kept this long.", unit="days")


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
