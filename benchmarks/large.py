"""Large files: make them, give them to a hub over LFS, and read them at full speed."""

import hashlib
import json
import re
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np

from benchmarks.hub import Bench
from clients.api import Repo, shown

MB = 1_000_000
_BLOCK = 16 * MB  # made and hashed at once
_SILENCE_S = 120.0
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_WORDS = 20_000  # different words of a text

Maker = Callable[[np.random.Generator, int], bytes]


def random_bytes(source: np.random.Generator, count: int) -> bytes:
    """Bytes that nothing compresses."""
    return source.bytes(count)


def text_bytes(source: np.random.Generator, count: int) -> bytes:
    """Words of a small vocabulary, the common ones often."""
    lengths = source.integers(2, 11, _WORDS)
    words = [bytes(source.integers(97, 123, length, dtype=np.uint8)) for length in lengths]
    chosen = source.zipf(1.3, count // 4) % _WORDS
    return b" ".join(words[number] for number in chosen)[:count].ljust(count, b"\n")


def float_bytes(source: np.random.Generator, count: int) -> bytes:
    """Weights: normally distributed float32."""
    return (source.standard_normal(count // 4, dtype=np.float32) * 0.02).tobytes()


def make(path: Path, size: int, maker: Maker = random_bytes, *, seed: int = 1) -> Path:
    """Write a file of `size` bytes, a multiple of 4."""
    source = np.random.default_rng(seed)
    with path.open("wb") as file:
        for start in range(0, size, _BLOCK):
            file.write(maker(source, min(_BLOCK, size - start)))
    return path


def put_over_lfs(bench: Bench, repo: Repo, name: str, path: Path) -> None:
    """Upload a file with the basic transfer of LFS and commit it."""
    oid, size = _sha256(path), path.stat().st_size
    answer = bench.api.web.post(
        f"{repo.git}/info/lfs/objects/batch",
        json={
            "operation": "upload",
            "transfers": ["basic"],
            "objects": [{"oid": oid, "size": size}],
            "hash_algo": "sha256",
        },
        headers={"Accept": "application/vnd.git-lfs+json"},
    )
    assert answer.status_code == 200, shown(answer)
    actions = answer.json()["objects"][0]["actions"]
    with httpx.Client(timeout=_SILENCE_S, trust_env=False) as web:
        sent = web.put(actions["upload"]["href"], content=_blocks(path))
        assert sent.is_success, shown(sent)
        checked = web.post(actions["verify"]["href"], json={"oid": oid, "size": size})
        assert checked.is_success, shown(checked)
    lines = (
        {"key": "header", "value": {"summary": f"Add {name}"}},
        {"key": "lfsFile", "value": {"path": name, "algo": "sha256", "oid": oid, "size": size}},
    )
    landed = bench.api.web.post(
        f"{repo.api}/commit/main",
        content="".join(json.dumps(line) + "\n" for line in lines).encode(),
        headers={"Content-Type": "application/x-ndjson"},
    )
    assert landed.status_code == 200, shown(landed)


def fetched(port: int, path: str, token: str = "") -> int:
    """Read a file over HTTP and throw the bytes away in the kernel; their number.

    Without a copy to this process the server is the slower side, so that it is the one measured.
    """
    with socket.create_connection(("127.0.0.1", port), timeout=_SILENCE_S) as connection:
        credentials = f"Authorization: Bearer {token}\r\n" if token else ""
        connection.sendall(
            f"GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\n{credentials}"
            "Connection: close\r\n\r\n".encode()
        )
        head = b""
        while b"\r\n\r\n" not in head:
            piece = connection.recv(4096)
            assert piece, f"cut after {head!r}"
            head += piece
        assert head.startswith(b"HTTP/1.1 200 "), head[:1000]
        length = _LENGTH.search(head)
        assert length, head[:1000]
        got = len(head.partition(b"\r\n\r\n")[2])
        buffer = bytearray(4 * 1024 * 1024)
        while count := connection.recv_into(buffer, len(buffer), socket.MSG_TRUNC):
            got += count
        assert got == int(length[1]), f"{got} bytes instead of {length[1]!r}"
        return got


def seconds_to_fetch(readers: int, port: int, path: str, token: str = "") -> float:
    """Seconds until so many readers at once each have the whole file."""
    with ThreadPoolExecutor(readers) as pool:
        began = time.perf_counter()
        for reading in [pool.submit(fetched, port, path, token) for _ in range(readers)]:
            reading.result()
        return time.perf_counter() - began


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(1024 * 1024):
            yield block


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
