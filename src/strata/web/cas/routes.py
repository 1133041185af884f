"""The URLs of the chunk store, grouped by the age of the clients that use them.

`/xet/{epoch}` is the `casUrl` of tokens. Telemetry goes to the root of the origin whatever the
`casUrl` says.
"""

from __future__ import annotations

from strata.web.cas import files, shards, telemetry, token, xorbs
from strata.web.paths import Route

_XET = "hf_xet >= 1.3, @huggingface/hub"
_BUCKETS = "huggingface_hub >= 1.5"
_OLD = "hf_xet 0.1-1.2"

ROUTES: tuple[Route, ...] = (
    Route(("GET",), "/api/{type}/{repo}/xet-read-token/{revision}", token.read_token, _XET),
    Route(("GET",), "/api/{type}/{repo}/xet-write-token/{revision}", token.write_token, _XET),
    Route(("GET",), "/api/buckets/{repo}/xet-read-token", token.bucket_read_token, _BUCKETS),
    Route(("GET",), "/api/buckets/{repo}/xet-write-token", token.bucket_write_token, _BUCKETS),
    # uploads
    Route(
        ("POST",), "/xet/{epoch}/v1/xorb-grants/{prefix}/{hash}", xorbs.post_grant, "hf_xet >= 1.8"
    ),
    Route(("PUT",), "/xet/{epoch}/v1/grants", xorbs.put_granted, "hf_xet >= 1.8"),
    Route(
        ("POST",),
        "/xet/{epoch}/v1/xorb-commits/{prefix}/{hash}/grant/{grant}",
        xorbs.post_commit,
        "hf_xet >= 1.8",
    ),
    Route(("POST",), "/xet/{epoch}/v1/xorbs/{prefix}/{hash}", xorbs.post_xorb, _XET),
    Route(("HEAD",), "/xet/{epoch}/v1/xorbs/{prefix}/{hash}", xorbs.head_xorb, _XET),
    Route(("POST",), "/xet/{epoch}/v2/shards", shards.post_shard_streaming, "hf_xet >= 1.6"),
    Route(("POST",), "/xet/{epoch}/v1/shards", shards.post_shard, "hf_xet 1.5, @huggingface/hub"),
    Route(("GET",), "/xet/{epoch}/v1/chunks/{prefix}/{hash}", files.chunk, _XET),
    # downloads
    Route(
        ("GET",), "/xet/{epoch}/v2/reconstructions/{hash}", files.reconstruction_v2, "hf_xet >= 1.5"
    ),
    Route(
        ("GET",),
        "/xet/{epoch}/v1/reconstructions/{hash}",
        files.reconstruction_v1,
        "hf_xet 1.3-1.4",
    ),
    Route(("GET",), "/xet/{epoch}/v1/reconstructions", files.reconstructions),
    Route(("HEAD",), "/xet/{epoch}/v1/files/{hash}", files.head_file),
    Route(("GET",), "/xet/{epoch}/v1/data", files.stored_ranges, _XET),
    Route(("POST",), "/v1/telemetry", telemetry.telemetry, "hf_xet >= 1.7"),
    # the spellings of older clients
    Route(("POST",), "/xet/{epoch}/xorb/{prefix}/{hash}", xorbs.post_xorb, _OLD),
    Route(("POST",), "/xet/{epoch}/xorbs/{prefix}/{hash}", xorbs.post_xorb, _OLD),
    Route(("POST",), "/xet/{epoch}/shard/{prefix}/{hash}", shards.post_shard, _OLD),
    Route(("POST",), "/xet/{epoch}/shards", shards.post_shard, "hf_xet 1.1-1.4"),
    Route(("GET",), "/xet/{epoch}/chunk/{prefix}/{hash}", files.chunk, _OLD),
    Route(("GET",), "/xet/{epoch}/chunks/{prefix}/{hash}", files.chunk, _OLD),
    Route(("GET",), "/xet/{epoch}/reconstruction/{hash}", files.reconstruction_v1, _OLD),
    Route(("GET",), "/xet/{epoch}/reconstructions/{hash}", files.reconstruction_v1, _OLD),
)
