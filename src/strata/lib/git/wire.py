"""Speak git's smart protocol, without HTTP and without SSH: the doors' one import.

A fetch of version 2: `capabilities_v2`, then per request `parse_v2` → `ls_refs`, or
`fetch_wants` → (door checks) → `upload_pack`. Versions 0 and 1: `advertise_v0`, then
`fetch_wants` → `upload_pack`. A push: `advertise_v0`, `read_push` → (door checks) →
`Reception.report`, which does the rest: `ingest_pack` → `Quarantine.check` → (room checks) →
`promote` → refs move → `report_status`.
"""

from strata.lib.git.model import ZERO, GitFailed, NewBlob, PushCommand, PushRequest, Ref
from strata.lib.git.protocol.advertise import (
    Service,
    V2Request,
    advertise_v0,
    capabilities_v2,
    error_packet,
    fetch_wants,
    ls_refs,
    parse_v2,
    protocol_version,
)
from strata.lib.git.protocol.pktline import FLUSH, Malformed
from strata.lib.git.protocol.push import read_push, report_status
from strata.lib.git.protocol.quarantine import PackRefused, Quarantine, ingest_pack
from strata.lib.git.protocol.reception import KEEP_ALIVE_S, Reception, Rules, kept_alive
from strata.lib.git.protocol.upload import TooLarge, collect, converse, upload_pack

__all__ = [
    "FLUSH",
    "KEEP_ALIVE_S",
    "ZERO",
    "GitFailed",
    "Malformed",
    "NewBlob",
    "PackRefused",
    "PushCommand",
    "PushRequest",
    "Quarantine",
    "Reception",
    "Ref",
    "Rules",
    "Service",
    "TooLarge",
    "V2Request",
    "advertise_v0",
    "capabilities_v2",
    "collect",
    "converse",
    "error_packet",
    "fetch_wants",
    "ingest_pack",
    "kept_alive",
    "ls_refs",
    "parse_v2",
    "protocol_version",
    "read_push",
    "report_status",
    "upload_pack",
]
