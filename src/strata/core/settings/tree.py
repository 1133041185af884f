"""Every setting: type, default, unit and one line of meaning.

Here stand those of the whole hub, and the groups of the others. `docs/settings.md` is generated
from this tree; `loading` says where the values come from.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from strata.core.settings.groups.accounts import (
    AccountsSettings,
    AuditSettings,
    LoginsSettings,
    NotificationsSettings,
)
from strata.core.settings.groups.entering import EnteringSettings
from strata.core.settings.groups.limits import LimitsSettings, QuotasSettings, RatesSettings
from strata.core.settings.groups.programs import (
    LeaksSettings,
    OauthSettings,
    PublishersSettings,
    WebhooksSettings,
)
from strata.core.settings.groups.running import (
    DatabaseSettings,
    MailSettings,
    ObjectsSettings,
    ServerSettings,
    SshSettings,
)
from strata.core.settings.groups.setting import setting
from strata.core.settings.groups.transfers import LfsSettings, XetSettings

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


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
    contact: str = setting(
        "",
        "How people reach those who run the hub, such as an e-mail address: told to whoever is suspended; empty: they know.",
    )
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
    entering: EnteringSettings = field(default_factory=EnteringSettings)
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
    def is_reachable(self) -> bool:
        """Whether others than people at this machine may come, as far as the settings tell."""
        host = (urlsplit(self.public_url).hostname or "localhost").lower()
        is_here = host in LOOPBACK or host.endswith(".localhost")
        listens_here = self.server.host in LOOPBACK
        return not (is_here and listens_here) or bool(self.server.trusted_proxies)

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
