"""Results in a bucket of S3, or of what speaks its protocol."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from typing import IO, Any

from aerodrome_airflow.xcom.errors import StoreError
from aerodrome_airflow.xcom.objects import Found

PART = 8 * 1024 * 1024
"""Bytes of a part. S3 takes 10,000 of them: 80 GB."""
_PIECE = 1024 * 1024
# Who may not list is not told what is missing.
_MEANING = {
    "NoSuchKey": "the result is no longer in the store",
    "AccessDenied": "the store of results refuses: AccessDenied. Either the result is no longer there: run the task "
    "that made it again; or the tenant's IAM role is not as a deploy makes it: its plan tells",
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

    def open(self, key: str) -> IO[bytes]:
        """Return a copy of the object in a file without a name: it is checked as a whole before it is used."""
        with _told():
            answer = self._client.get_object(Bucket=self._bucket, Key=self._base + key)
            copy = tempfile.TemporaryFile(prefix="aerodrome-xcom-")  # noqa: SIM115 - the caller closes it
            with contextlib.closing(answer["Body"]) as body:
                shutil.copyfileobj(body, copy, _PIECE)
        copy.seek(0)
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
    """One part travels while the next one fills; an object of less than a part is sent at once."""

    def __init__(self, client: Any, bucket: str, key: str) -> None:
        self._client, self._named = client, {"Bucket": bucket, "Key": key}
        self._buffer = bytearray()
        self._id = ""
        self._parts: list[dict[str, Any]] = []
        self._sender = ThreadPoolExecutor(1, "aerodrome-xcom")
        self._sending: Future[str] | None = None

    def write(self, content: bytes) -> None:
        """Take *content*."""
        self._buffer += content
        while len(self._buffer) >= PART:
            self._send(bytes(memoryview(self._buffer)[:PART]))
            del self._buffer[:PART]

    def commit(self) -> None:
        """Make the object of the parts."""
        with _told():
            if self._id:
                if self._buffer:
                    self._send(bytes(self._buffer))
                self._wait()
                self._client.complete_multipart_upload(
                    **self._named, UploadId=self._id, MultipartUpload={"Parts": self._parts}
                )
            else:
                self._client.put_object(**self._named, Body=bytes(self._buffer))
        self._sender.shutdown()

    def abort(self) -> None:
        """Drop the parts; what cannot be dropped now is the collector's."""
        self._sender.shutdown(cancel_futures=True)
        if self._id:
            with contextlib.suppress(StoreError), _told():
                self._client.abort_multipart_upload(**self._named, UploadId=self._id)

    def _send(self, part: bytes) -> None:
        with _told():
            if not self._id:
                self._id = self._client.create_multipart_upload(**self._named)["UploadId"]
            self._wait()
            self._sending = self._sender.submit(self._upload, len(self._parts) + 1, part)

    def _wait(self) -> None:
        if self._sending is not None:
            tag = self._sending.result()
            self._parts.append({"PartNumber": len(self._parts) + 1, "ETag": tag})
            self._sending = None

    def _upload(self, number: int, part: bytes) -> str:
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
