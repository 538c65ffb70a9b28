"""Results in a bucket of S3, or of what speaks its protocol."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property, partial
from typing import IO, Any

from aerodrome_airflow.xcom.errors import StoreError
from aerodrome_airflow.xcom.objects import Found, Seen

PART = 5 * 1024 * 1024
"""Bytes of a part, as few as S3 takes. It takes 10,000 of them: 50 GB."""
AT_ONCE = 3
"""So many parts of a result travel: one connection alone waits for the other side half of its time."""
_PIECE = 1024 * 1024
# Who may not list is not told what is missing.
_MEANING = {
    "NoSuchKey": "the result is no longer in the store",
    "AccessDenied": "the store of results refuses: AccessDenied. Either the result is no longer there: run the task "
    "that made it again; or the tenant's IAM role is not as a deploy makes it: its plan tells",
    "InvalidRange": "the result in the store is empty: run the task that made it again",
    "NoSuchBucket": "the bucket of results does not exist: `results` in environment.yaml names it",
}


class S3Store:
    """Objects below *base*, "" or a prefix that ends with a slash, of *bucket*. No key leads out of it.

    *connect* returns the client, and is called when the first object is asked for: most results are small.
    """

    def __init__(self, connect: Callable[[], Any], bucket: str, base: str = "") -> None:
        self._connect, self._bucket, self._base = connect, bucket, base

    @cached_property
    def _client(self) -> Any:
        with _told():
            return self._connect()

    def create(self, key: str) -> S3Upload:
        """Return the upload of a new object: in parts where it is large."""
        return S3Upload(self._client, self._bucket, self._base + key)

    def open(self, key: str, seen: Seen | None = None) -> IO[bytes]:
        """Return a copy of the object in a file without a name: it is checked as a whole before it is used."""
        copy = tempfile.TemporaryFile(prefix="aerodrome-xcom-")  # noqa: SIM115 - the caller closes it
        try:
            # Whatever ends this, nobody writes to the file any more when it is closed.
            with _told(), contextlib.closing(self._copied(self._base + key, copy.fileno())) as arrived:
                for start in arrived:
                    if seen:
                        seen(os.pread(copy.fileno(), PART, start))
        except BaseException:
            copy.close()
            raise
        return copy

    def find(self, prefix: str) -> Iterator[Found]:
        """Yield every object and every unfinished upload below *prefix*."""
        start, asked = len(self._base), {"Bucket": self._bucket, "Prefix": self._base + prefix}
        with _told():
            for page in self._client.get_paginator("list_objects_v2").paginate(**asked):
                for item in page.get("Contents", ()):
                    yield Found(item["Key"][start:], item["LastModified"])
        yield from self._unfinished(prefix)

    def folders(self, prefix: str) -> Iterator[str]:
        """Yield the common prefixes directly below *prefix*, those of unfinished uploads too."""
        start, found = len(self._base), set()
        asked = {"Bucket": self._bucket, "Prefix": self._base + prefix, "Delimiter": "/"}
        with _told():
            for page in self._client.get_paginator("list_objects_v2").paginate(**asked):
                found |= {item["Prefix"][start:] for item in page.get("CommonPrefixes", ())}
        found |= {_below(one.key, prefix) for one in self._unfinished(prefix)}
        yield from sorted(found)

    def remove(self, found: Found) -> None:
        """Remove an object, or what is there of an unfinished upload."""
        named = {"Bucket": self._bucket, "Key": self._base + found.key}
        with _told(but="NoSuchUpload"):
            if found.upload:
                self._client.abort_multipart_upload(**named, UploadId=found.upload)
            else:
                self._client.delete_object(**named)

    def _copied(self, key: str, target: int) -> Generator[int]:
        """Write the object to the file *target*, some parts at once; yield where each begins once it is there."""
        size = self._copy_part(key, target, 0)
        yield 0
        others = range(PART, size, PART)
        with ThreadPoolExecutor(AT_ONCE, "aerodrome-xcom") as receivers:
            try:
                arrived = receivers.map(partial(self._copy_part, key, target), others)
                yield from (start for start, _ in zip(others, arrived, strict=True))
            finally:
                receivers.shutdown(cancel_futures=True)

    def _copy_part(self, key: str, target: int, start: int) -> int:
        """Write the part from *start* on; return the size of the whole object."""
        asked = f"bytes={start}-{start + PART - 1}"
        answer = self._client.get_object(Bucket=self._bucket, Key=key, Range=asked)
        with contextlib.closing(answer["Body"]) as body:
            while piece := body.read(_PIECE):
                os.pwrite(target, piece, start)
                start += len(piece)
        # An empty object has no part, and not every server calls that a mistake.
        _, _, size = answer.get("ContentRange", f"/{start}").rpartition("/")
        return int(size)

    def _unfinished(self, prefix: str) -> Iterator[Found]:
        asked = {"Bucket": self._bucket, "Prefix": self._base + prefix}
        start = len(self._base)
        with _told():
            for page in self._client.get_paginator("list_multipart_uploads").paginate(**asked):
                for item in page.get("Uploads", ()):
                    # Not every server keeps to the prefix here.
                    if item["Key"].startswith(asked["Prefix"]):
                        yield Found(item["Key"][start:], item["Initiated"], item["UploadId"])


class S3Upload:
    """Some parts travel while the next one fills; an object of less than a part is sent at once."""

    def __init__(self, client: Any, bucket: str, key: str) -> None:
        self._client, self._named = client, {"Bucket": bucket, "Key": key}
        self._buffer = bytearray()
        self._id = ""
        self._tags: list[str] = []
        self._senders = ThreadPoolExecutor(AT_ONCE, "aerodrome-xcom")
        self._sending: deque[Future[str]] = deque()

    def write(self, content: bytes) -> None:
        """Take *content*."""
        left = memoryview(content)
        while left:
            piece = left[: PART - len(self._buffer)]
            self._buffer += piece
            left = left[len(piece) :]
            if len(self._buffer) == PART:
                self._send()

    def commit(self) -> None:
        """Make the object of the parts."""
        with _told():
            if self._id:
                if self._buffer:
                    self._send()
                self._wait(0)
                parts = [{"PartNumber": number, "ETag": tag} for number, tag in enumerate(self._tags, 1)]
                self._client.complete_multipart_upload(
                    **self._named, UploadId=self._id, MultipartUpload={"Parts": parts}
                )
            else:
                self._client.put_object(**self._named, Body=self._buffer)
        self._senders.shutdown()

    def abort(self) -> None:
        """Drop the parts; what cannot be dropped now is the collector's."""
        self._senders.shutdown(cancel_futures=True)
        if self._id:
            with contextlib.suppress(StoreError), _told():
                self._client.abort_multipart_upload(**self._named, UploadId=self._id)

    def _send(self) -> None:
        """Hand over the buffer as the next part, once there is a sender for it."""
        part, self._buffer = self._buffer, bytearray()
        with _told():
            if not self._id:
                self._id = self._client.create_multipart_upload(**self._named)["UploadId"]
            self._wait(AT_ONCE - 1)
            number = len(self._tags) + len(self._sending) + 1
            self._sending.append(self._senders.submit(self._upload, number, part))

    def _wait(self, left: int) -> None:
        """Return when no more than so many parts travel."""
        while len(self._sending) > left:
            self._tags.append(self._sending.popleft().result())

    def _upload(self, number: int, part: bytearray) -> str:
        answer = self._client.upload_part(**self._named, UploadId=self._id, PartNumber=number, Body=part)
        return str(answer["ETag"])


def _below(key: str, prefix: str) -> str:
    return f"{prefix}{key[len(prefix) :].partition('/')[0]}/"


@contextlib.contextmanager
def _told(but: str = "") -> Iterator[None]:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as problem:
        code = str(problem.response.get("Error", {}).get("Code", ""))
        if code != but:
            raise StoreError(_MEANING.get(code, f"the store of results refuses: {code}")) from None
    except BotoCoreError as problem:
        # The library's own text may hold the address with what was signed.
        raise StoreError(f"the store of results does not serve: {type(problem).__name__}") from None
