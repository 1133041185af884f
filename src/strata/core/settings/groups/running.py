"""How the hub runs on its machines: where it listens, and where it keeps and sends things."""

from __future__ import annotations

from dataclasses import dataclass

from strata.core.settings.groups.setting import setting


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
