"""What every object store promises, over memory, local disk and a real S3 server."""

import hashlib
import os
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import time

import pytest

from fixtures.radosgw import S3Server
from strata.lib.objects.local import LocalStore
from strata.lib.objects.memory import MemoryStore
from strata.lib.objects.s3 import S3Store
from strata.lib.objects.store import ObjectMissing, ObjectStore, Part, StoreFailed, pieces

BODY = b"0123456789"
KEY = "lfs/ab/cd/" + hashlib.sha256(BODY).hexdigest()
OTHER = "xorbs/ab/" + "0" * 64


def now() -> datetime:
    return datetime.fromtimestamp(time(), UTC)


def memory(tmp_path: Path, _request: pytest.FixtureRequest) -> ObjectStore:
    return MemoryStore(tmp_path, now)


def local(tmp_path: Path, _request: pytest.FixtureRequest) -> ObjectStore:
    return LocalStore(tmp_path / "objects")


def s3(tmp_path: Path, request: pytest.FixtureRequest) -> ObjectStore:
    server: S3Server = request.getfixturevalue("radosgw")
    return S3Store(server.bucket(), tmp_path, now)


@pytest.fixture(params=[memory, local, s3])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    make: Callable[[Path, pytest.FixtureRequest], ObjectStore] = request.param
    return make(tmp_path, request)


@pytest.fixture
def bucket(radosgw: S3Server, tmp_path: Path) -> S3Store:
    return S3Store(radosgw.bucket(), tmp_path, now)


def staged(store: ObjectStore, content: bytes, name: str = "incoming") -> Path:
    path = store.staging() / name
    path.write_bytes(content)
    return path


def fetched(url: str | None, method: str = "GET", body: bytes | None = None) -> tuple[int, bytes]:
    assert url is not None
    try:
        with urllib.request.urlopen(
            urllib.request.Request(url, body, method=method), timeout=30
        ) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read()


def etag_of(url: str | None, body: bytes) -> str:
    assert url is not None
    with urllib.request.urlopen(
        urllib.request.Request(url, body, method="PUT"), timeout=30
    ) as answer:
        etag = answer.headers["ETag"]
        assert isinstance(etag, str)
        return etag


def test_an_object_comes_back_as_it_was_put(store: ObjectStore) -> None:
    assert store.put(KEY, BODY)
    assert store.read(KEY) == BODY


def test_a_staged_file_is_consumed(store: ObjectStore) -> None:
    source = staged(store, BODY)
    assert store.put(KEY, source)
    assert store.read(KEY) == BODY
    assert list(store.staging().glob("*incoming*")) == []


def test_the_first_object_under_a_key_stays(store: ObjectStore) -> None:
    store.put(KEY, BODY)
    source = staged(store, b"another")
    assert store.put(KEY, source) is False
    assert store.put(KEY, b"another") is False
    assert store.read(KEY) == BODY
    assert not source.exists()


def test_overwriting_replaces_the_object(store: ObjectStore) -> None:
    store.put(KEY, BODY)
    assert store.put(KEY, staged(store, b"another"), overwrite=True)
    assert store.read(KEY) == b"another"


def test_an_empty_object_is_an_object(store: ObjectStore) -> None:
    store.put(KEY, b"")
    found = store.facts(KEY)
    assert found is not None
    assert found.size == 0
    assert store.read(KEY) == b""
    assert store.read(KEY, 5, 10) == b""


@pytest.mark.parametrize(
    ("start", "length", "expected"),
    [
        (0, None, BODY),
        (3, None, BODY[3:]),
        (0, 4, BODY[:4]),
        (2, 5, BODY[2:7]),
        (8, 100, BODY[8:]),
        (9, 1, BODY[9:]),
        (10, 1, b""),
        (10, None, b""),
        (50, 10, b""),
        (0, 0, b""),
        (4, 0, b""),
    ],
)
def test_ranges_end_where_the_object_ends(
    store: ObjectStore, start: int, length: int | None, expected: bytes
) -> None:
    store.put(KEY, BODY)
    assert store.read(KEY, start, length) == expected


def test_negative_ranges_are_refused(store: ObjectStore) -> None:
    store.put(KEY, BODY)
    with pytest.raises(ValueError, match="not a range"):
        store.read(KEY, -1)
    with pytest.raises(ValueError, match="not a range"):
        store.read(KEY, 0, -1)


def test_what_is_not_there_is_missing(store: ObjectStore) -> None:
    assert store.facts(KEY) is None
    for start, length in ((0, None), (3, None), (3, 3), (0, 0)):
        with pytest.raises(ObjectMissing):
            store.read(KEY, start, length)
    with pytest.raises(ObjectMissing):
        list(pieces(store, KEY))
    store.delete(KEY)


def test_a_deleted_object_is_gone_and_may_come_again(store: ObjectStore) -> None:
    store.put(KEY, BODY)
    store.delete(KEY)
    assert store.facts(KEY) is None
    assert store.put(KEY, BODY)


def test_facts_tell_size_and_time(store: ObjectStore) -> None:
    store.put(KEY, BODY)
    found = store.facts(KEY)
    assert found is not None
    assert (found.key, found.size) == (KEY, len(BODY))
    assert abs(found.modified - now()) < timedelta(minutes=1)


def test_a_large_file_comes_back_in_pieces(store: ObjectStore) -> None:
    block = os.urandom(1024 * 1024)
    body = block * 40
    source = staged(store, body)
    assert store.put(KEY, source)
    read = list(pieces(store, KEY))
    assert hashlib.sha256(b"".join(read)).digest() == hashlib.sha256(body).digest()
    assert len(read) > 1
    assert b"".join(pieces(store, KEY, 17, 20_000_000)) == body[17:20_000_017]
    assert store.put(KEY, staged(store, body)) is False


def test_keys_lists_whole_segments_below_a_prefix(store: ObjectStore) -> None:
    names = ["lfs/ab/one", "lfs/ab/two", "lfs/abc/three", "xorbs/ab/four"]
    for name in names:
        store.put(name, name.encode())
    assert sorted(found.key for found in store.keys()) == names  # noqa: SIM118 -- not a dict
    assert [found.key for found in store.keys("lfs/ab")] == names[:2]
    assert [found.key for found in store.keys("lfs/ab/")] == names[:2]
    assert sorted(found.key for found in store.keys("lfs")) == names[:3]
    assert list(store.keys("nothing/here")) == []
    assert next(store.keys("xorbs")).size == len("xorbs/ab/four")


@pytest.mark.parametrize(
    "key", ["", "/", "/a", "a/", "a//b", "../a", "a/../b", ".", "a/.b", "a b", "a\n", "ä"]
)  # fmt: skip
def test_malformed_keys_are_refused_everywhere(store: ObjectStore, key: str) -> None:
    for attempt in (store.facts, store.read, store.delete, store.local_path, store.start_multipart):
        with pytest.raises(ValueError, match="not an object key"):
            attempt(key)
    with pytest.raises(ValueError, match="not an object key"):
        store.put(key, BODY)
    with pytest.raises(ValueError, match="not an object key"):
        store.presigned_get(key, expires_s=60)
    with pytest.raises(ValueError, match="not an object key"):
        store.presigned_put(key, expires_s=60, size=1)


def test_of_many_writers_exactly_one_is_first(store: ObjectStore) -> None:
    barrier = threading.Barrier(8)

    def write(number: int) -> bool:
        source = staged(store, str(number).encode() * 1000, f"incoming{number}")
        barrier.wait()
        return store.put(KEY, source)

    with ThreadPoolExecutor(8) as pool:
        firsts = list(pool.map(write, range(8)))
    assert firsts.count(True) == 1
    assert store.read(KEY) == str(firsts.index(True)).encode() * 1000
    assert list(store.staging().glob("incoming*")) == []


def test_a_missing_source_leaves_nothing(store: ObjectStore) -> None:
    with pytest.raises(OSError, match="incoming"):
        store.put(KEY, store.staging() / "incoming")
    assert store.facts(KEY) is None


def test_aborting_an_upload_that_is_not_there_is_fine(store: ObjectStore) -> None:
    store.abort_multipart(KEY, "2~" + "A" * 32)


def test_completing_an_upload_that_is_not_there_is_refused(store: ObjectStore) -> None:
    with pytest.raises(ObjectMissing):
        store.complete_multipart(KEY, "2~" + "A" * 32, [Part(1, '"' + "0" * 32 + '"')])


def test_only_s3_signs_urls(store: ObjectStore) -> None:
    signs = isinstance(store, S3Store)
    assert (store.presigned_get(KEY, expires_s=60) is not None) is signs
    assert (store.presigned_put(KEY, expires_s=60, size=1) is not None) is signs
    assert (store.presigned_part(KEY, "id", 1, expires_s=60, size=1) is not None) is signs


def test_only_a_local_store_names_files(store: ObjectStore) -> None:
    path = store.local_path(KEY)
    assert (path is not None) is isinstance(store, LocalStore)
    if path is not None:
        store.put(KEY, BODY)
        assert path.read_bytes() == BODY


# What only the S3 store can do, on the real server.


def test_a_signed_url_reads_with_a_file_name_and_type(bucket: S3Store) -> None:
    bucket.put(KEY, BODY)
    url = bucket.presigned_get(
        KEY, expires_s=60, filename='mod"èle &+.bin', content_type="application/x-thing"
    )
    assert url is not None
    with urllib.request.urlopen(url, timeout=30) as answer:
        assert answer.read() == BODY
        assert answer.headers["Content-Type"] == "application/x-thing"
        assert "mod%22%C3%A8le%20%26%2B.bin" in answer.headers["Content-Disposition"]
    request = urllib.request.Request(url, headers={"Range": "bytes=2-4"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert (answer.status, answer.read()) == (206, BODY[2:5])


def test_a_signed_url_ends(radosgw: S3Server, tmp_path: Path) -> None:
    place = radosgw.bucket()
    S3Store(place, tmp_path, now).put(KEY, BODY)
    earlier = S3Store(place, tmp_path, lambda: now() - timedelta(hours=1))
    assert fetched(earlier.presigned_get(KEY, expires_s=60))[0] == 403
    assert fetched(earlier.presigned_get(KEY, expires_s=7200)) == (200, BODY)


def test_a_changed_url_is_refused(bucket: S3Store) -> None:
    bucket.put(KEY, BODY)
    bucket.put(OTHER, BODY)
    url = bucket.presigned_get(KEY, expires_s=60, filename="a.bin")
    assert url is not None
    assert fetched(url)[0] == 200
    assert fetched(url.replace(KEY, OTHER))[0] == 403
    assert fetched(url.replace("a.bin", "b.exe"))[0] == 403
    assert fetched(url, "DELETE")[0] == 403


def test_a_signed_put_writes_exactly_its_size(bucket: S3Store) -> None:
    url = bucket.presigned_put(KEY, expires_s=60, size=len(BODY))
    assert fetched(url, "PUT", BODY + b"more")[0] == 403
    assert bucket.facts(KEY) is None
    assert fetched(url, "PUT", BODY)[0] == 200
    assert bucket.read(KEY) == BODY


def test_parts_become_an_object(bucket: S3Store) -> None:
    sizes = [5 * 1024 * 1024, 5 * 1024 * 1024, 17]
    bodies = [bytes([number]) * size for number, size in enumerate(sizes)]
    upload = bucket.start_multipart(KEY)
    assert upload is not None
    parts = [
        Part(
            number,
            etag_of(bucket.presigned_part(KEY, upload, number, expires_s=60, size=len(body)), body),
        )
        for number, body in enumerate(bodies, 1)
    ]
    assert bucket.facts(KEY) is None
    bucket.complete_multipart(KEY, upload, parts[::-1])
    assert b"".join(pieces(bucket, KEY)) == b"".join(bodies)


def test_wrong_parts_are_refused(bucket: S3Store) -> None:
    upload = bucket.start_multipart(KEY)
    assert upload is not None
    etag_of(bucket.presigned_part(KEY, upload, 1, expires_s=60, size=4), b"part")
    with pytest.raises(ValueError, match="InvalidPart"):
        bucket.complete_multipart(KEY, upload, [Part(1, '"' + "0" * 32 + '"')])
    bucket.abort_multipart(KEY, upload)
    assert bucket.facts(KEY) is None
    with pytest.raises(ValueError, match="numbered"):
        bucket.presigned_part(KEY, upload, 10_001, expires_s=60, size=4)


def test_a_store_below_a_prefix_keeps_to_itself(radosgw: S3Server, tmp_path: Path) -> None:
    place = radosgw.bucket()
    whole = S3Store(place, tmp_path, now)
    below = S3Store(
        type(place)(
            place.bucket, place.access_key, place.secret_key, place.endpoint, prefix="hub/one"
        ),
        tmp_path,
        now,
    )
    whole.put(OTHER, BODY)
    below.put(KEY, BODY)
    assert [found.key for found in below.keys()] == [KEY]  # noqa: SIM118 -- not a dict
    assert whole.facts(f"hub/one/{KEY}") is not None
    assert fetched(below.presigned_get(KEY, expires_s=60)) == (200, BODY)


def test_wrong_keys_and_missing_buckets_say_so(radosgw: S3Server, tmp_path: Path) -> None:
    place = radosgw.bucket()
    stranger = S3Store(
        type(place)(place.bucket, place.access_key, "wrong", place.endpoint), tmp_path, now
    )
    with pytest.raises(StoreFailed):
        stranger.put(KEY, BODY)
    with pytest.raises(StoreFailed):
        stranger.start_multipart(KEY)
    nowhere = S3Store(
        type(place)("no-such-bucket", place.access_key, place.secret_key, place.endpoint),
        tmp_path,
        now,
    )
    with pytest.raises(StoreFailed, match="is the bucket there"):
        nowhere.put(KEY, BODY)
