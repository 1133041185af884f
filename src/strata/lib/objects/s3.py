"""Objects in an S3-compatible bucket.

Requests go through obstore; URLs for others (`sigv4`) and uploads in parts are our own, since
obstore signs neither parts nor response headers.
"""

import html
import http.client
import re
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import S3Store as Bucket

from strata.lib.objects.sigv4 import Signer, encoded, presigned_url
from strata.lib.objects.store import (
    ObjectFacts,
    ObjectMissing,
    Part,
    StoreFailed,
    checked_key,
    checked_prefix,
    checked_range,
)

if TYPE_CHECKING:
    from obstore.store import S3Config

SINGLE_PUT_BYTES = 32 * 1024 * 1024  # larger objects go up in parts, a few at a time in memory
PART_BYTES = 16 * 1024 * 1024
MAX_PARTS = 10_000  # S3's limit on parts of one object
REQUEST_TIMEOUT_S = 300  # one request with its body; obstore's own default of 30 s cuts slow links
CONNECT_TIMEOUT_S = 10
OWN_REQUEST_EXPIRES_S = 900  # our requests are sent at once; the rest is clock skew
_MAX_REPLY_BYTES = 64 * 1024  # of S3's XML to requests of our own
_UPLOAD_ID = re.compile(r"<UploadId>([^<]+)</UploadId>")
_ERROR_CODE = re.compile(r"<Code>([^<]+)</Code>")
_BAD_PARTS = {"InvalidPart", "InvalidPartOrder", "EntityTooSmall", "MalformedXML"}


@dataclass(frozen=True, slots=True)
class S3Place:
    """A bucket, and who we are to it."""

    bucket: str
    access_key: str
    secret_key: str = field(repr=False)
    endpoint: str  # `https://host[:port]`, as this process reaches it
    region: str = "us-east-1"
    prefix: str = ""  # put before every key, without slashes at its ends
    public_endpoint: str | None = None  # as clients reach it, in presigned URLs; default `endpoint`
    path_style: bool = True  # `host/bucket/key`; False: `bucket.host/key`
    session_token: str | None = field(default=None, repr=False)


class S3Store:
    """A store in a bucket.

    Args:
        place: the bucket, which must exist.
        staging: an existing local directory for files that are not finished.
        clock: the current time, aware; signatures depend on it.
    """

    def __init__(self, place: S3Place, staging: Path, clock: Callable[[], datetime]) -> None:
        self._place = place
        self._staging = staging
        self._clock = clock
        self._signer = Signer(place.access_key, place.secret_key, place.region, place.session_token)
        token: S3Config = (
            {} if place.session_token is None else {"session_token": place.session_token}
        )
        self._bucket = Bucket(
            place.bucket,
            endpoint=_bucket_url(place, place.endpoint) if not place.path_style else place.endpoint,
            config=token,
            region=place.region,
            access_key_id=place.access_key,
            secret_access_key=place.secret_key,
            virtual_hosted_style_request=not place.path_style,
            client_options={
                "allow_http": place.endpoint.startswith("http://"),
                "timeout": timedelta(seconds=REQUEST_TIMEOUT_S),
                "connect_timeout": timedelta(seconds=CONNECT_TIMEOUT_S),
            },
        )

    def facts(self, key: str) -> ObjectFacts | None:
        """Look whether an object is there; None when it is not."""
        try:
            with _store_errors():
                found = obstore.head(self._bucket, self._name(key))
        except ObjectMissing:
            return None
        return ObjectFacts(key, found["size"], found["last_modified"])

    def read(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        """Read a range; shorter than asked where the object ends."""
        checked_range(start, length)
        if length != 0:
            try:
                with _store_errors():
                    return self._read(self._name(key), start, length)
            except StoreFailed:
                if start == 0:
                    raise
        # S3 answers 416 where the range lies past the end; others read nothing there.
        found = self.facts(key)
        if found is None:
            raise ObjectMissing(key)
        if start < found.size and length != 0:
            raise StoreFailed(f"the store did not answer {key} from byte {start}")
        return b""

    def _read(self, name: str, start: int, length: int | None) -> bytes:
        if length is not None:
            return bytes(obstore.get_range(self._bucket, name, start=start, length=length))
        if start:
            options: obstore.GetOptions = {"range": {"offset": start}}
            return bytes(obstore.get(self._bucket, name, options=options).bytes())
        return bytes(obstore.get(self._bucket, name).bytes())

    def local_path(self, key: str) -> Path | None:
        """Answer None: there is no file here."""
        checked_key(key)
        return None

    def presigned_get(
        self,
        key: str,
        *,
        expires_s: int,
        filename: str | None = None,
        content_type: str | None = None,
    ) -> str | None:
        """Sign a URL that reads the object; with a `filename` browsers save it, never show it."""
        query = {}
        if filename is not None:
            query["response-content-disposition"] = (
                f"attachment; filename*=UTF-8''{encoded(filename)}"
            )
        if content_type is not None:
            query["response-content-type"] = content_type
        return self._signed("GET", key, expires_s, query=query, public=True)

    def presigned_put(self, key: str, *, expires_s: int, size: int) -> str | None:
        """Sign a URL that writes exactly `size` bytes."""
        return self._signed("PUT", key, expires_s, size=size, public=True)

    def start_multipart(self, key: str) -> str | None:
        """Begin an upload in parts; its upload id."""
        url = self._signed("POST", key, OWN_REQUEST_EXPIRES_S, query={"uploads": ""})
        status, reply = _exchange("POST", url)
        found = _UPLOAD_ID.search(reply)
        if status != http.client.OK or found is None:
            raise StoreFailed(f"the store did not begin an upload: {status} {_code(reply)}")
        return html.unescape(found[1])

    def presigned_part(
        self, key: str, upload_id: str, number: int, *, expires_s: int, size: int
    ) -> str | None:
        """Sign a URL that writes part `number` of exactly `size` bytes."""
        if not 1 <= number <= MAX_PARTS:
            raise ValueError(f"parts are numbered 1 to {MAX_PARTS}, not {number}")
        query = {"partNumber": str(number), "uploadId": upload_id}
        return self._signed("PUT", key, expires_s, query=query, size=size, public=True)

    def complete_multipart(self, key: str, upload_id: str, parts: Sequence[Part]) -> None:
        """Join the parts into the object."""
        listed = "".join(
            f"<Part><PartNumber>{part.number}</PartNumber>"
            f"<ETag>{html.escape(part.etag)}</ETag></Part>"
            for part in sorted(parts, key=lambda part: part.number)
        )
        body = f"<CompleteMultipartUpload>{listed}</CompleteMultipartUpload>".encode()
        url = self._signed("POST", key, OWN_REQUEST_EXPIRES_S, query={"uploadId": upload_id})
        status, reply = _exchange("POST", url, body)
        code = _code(reply)  # S3 may answer 200 and put an error into the body
        if code in _BAD_PARTS:
            raise ValueError(f"the store refuses the parts of {key}: {code}")
        if status != http.client.OK or code:
            self._require_upload(key, upload_id)
            raise StoreFailed(f"the store did not finish the upload of {key}: {status} {code}")

    def _require_upload(self, key: str, upload_id: str) -> None:
        """Tell a missing upload from a broken store: Ceph answers both with 500 on completion."""
        query = {"uploadId": upload_id, "max-parts": "1"}
        status, _ = _exchange("GET", self._signed("GET", key, OWN_REQUEST_EXPIRES_S, query=query))
        if status == http.client.NOT_FOUND:
            raise ObjectMissing(f"no upload {upload_id} of {key}")

    def abort_multipart(self, key: str, upload_id: str) -> None:
        """Forget an upload and its parts; one that is not there is fine."""
        url = self._signed("DELETE", key, OWN_REQUEST_EXPIRES_S, query={"uploadId": upload_id})
        status, reply = _exchange("DELETE", url)
        if status not in {http.client.NO_CONTENT, http.client.OK, http.client.NOT_FOUND}:
            raise StoreFailed(f"the store did not abort an upload: {status} {_code(reply)}")

    def put(self, key: str, source: Path | bytes, *, overwrite: bool = False) -> bool:
        """Keep an object; False when one was already there and was kept."""
        name = self._name(key)
        size = len(source) if isinstance(source, bytes) else source.stat().st_size
        large = size > SINGLE_PUT_BYTES
        kept = True
        if large and not overwrite and self.facts(key) is not None:
            kept = False  # parts cannot be conditional; equal keys mean equal bytes anyway
        else:
            kept = self._upload(name, source, size, create=not (large or overwrite))
        if isinstance(source, Path):
            source.unlink(missing_ok=True)
        return kept

    def _upload(self, name: str, source: Path | bytes, size: int, *, create: bool) -> bool:
        try:
            with _store_errors(writing=True):
                obstore.put(
                    self._bucket,
                    name,
                    source,
                    mode="create" if create else "overwrite",
                    use_multipart=size > SINGLE_PUT_BYTES,
                    chunk_size=max(PART_BYTES, -(-size // (MAX_PARTS - 1))),
                    max_concurrency=4,
                )
        except FileExistsError:
            return False
        return True

    def delete(self, key: str) -> None:
        """Remove an object; one that is not there is fine."""
        try:
            with _store_errors():
                obstore.delete(self._bucket, self._name(key))
        except ObjectMissing:
            return

    def keys(self, prefix: str = "") -> Iterator[ObjectFacts]:
        """List the objects below a prefix of whole segments."""
        below = checked_prefix(prefix)
        return self._list("/".join(part for part in (self._place.prefix, below) if part))

    def _list(self, below: str) -> Iterator[ObjectFacts]:
        strip = len(self._place.prefix) + 1 if self._place.prefix else 0
        with _store_errors():
            for page in obstore.list(self._bucket, prefix=below or None):
                for found in page:
                    key = found["path"][strip:]
                    yield ObjectFacts(key, found["size"], found["last_modified"])

    def staging(self) -> Path:
        """Name the local directory for files that are not finished."""
        return self._staging

    def _name(self, key: str) -> str:
        checked_key(key)
        return f"{self._place.prefix}/{key}" if self._place.prefix else key

    def _signed(
        self,
        method: str,
        key: str,
        expires_s: int,
        *,
        query: dict[str, str] | None = None,
        size: int | None = None,
        public: bool = False,
    ) -> str:
        place = self._place
        endpoint = (place.public_endpoint if public else None) or place.endpoint
        return presigned_url(
            self._signer,
            method,
            f"{_bucket_url(place, endpoint)}/{encoded(self._name(key), safe='/')}",
            at=self._clock(),
            expires_s=expires_s,
            query=query,
            headers=None if size is None else {"content-length": str(size)},
        )


def _bucket_url(place: S3Place, endpoint: str) -> str:
    endpoint = endpoint.rstrip("/")
    if place.path_style:
        return f"{endpoint}/{place.bucket}"
    scheme, _, host = endpoint.partition("://")
    return f"{scheme}://{place.bucket}.{host}"


@contextmanager
def _store_errors(*, writing: bool = False) -> Iterator[None]:
    """Translate obstore's errors; writing into nowhere means the bucket is missing."""
    try:
        yield
    except AlreadyExistsError as error:
        raise FileExistsError(_first_line(error)) from error
    except FileNotFoundError as error:
        if writing:
            raise StoreFailed(f"is the bucket there? {_first_line(error)}") from error
        raise ObjectMissing(_first_line(error)) from error
    except (BaseError, OSError) as error:
        raise StoreFailed(_first_line(error)) from error


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


def _code(reply: str) -> str:
    found = _ERROR_CODE.search(reply)
    return found[1] if found else ""


def _exchange(method: str, url: str, body: bytes = b"") -> tuple[int, str]:
    """Send a small request to a signed URL; status and text of the answer."""
    place = urlsplit(url)
    assert place.hostname is not None
    connection = (
        http.client.HTTPSConnection(
            place.hostname,
            place.port,
            timeout=REQUEST_TIMEOUT_S,
            context=ssl.create_default_context(),
        )
        if place.scheme == "https"
        else http.client.HTTPConnection(place.hostname, place.port, timeout=REQUEST_TIMEOUT_S)
    )
    try:
        connection.request(method, f"{place.path}?{place.query}", body)
        answer = connection.getresponse()
        return answer.status, answer.read(_MAX_REPLY_BYTES).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        raise StoreFailed(f"the store does not answer: {error}") from error
    finally:
        connection.close()
