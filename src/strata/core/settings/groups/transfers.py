"""How large files travel."""

from __future__ import annotations

from dataclasses import dataclass

from strata.core.settings.groups.setting import GIB, MIB, setting


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
