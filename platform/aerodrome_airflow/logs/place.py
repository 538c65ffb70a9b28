"""Where the task logs of hosts and pods are, as settings say it, and how what is there is called."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, BinaryIO, Protocol

SEPARATOR = "."
"""Between a log's own name and the host or pod that wrote it: an attempt that was deferred has a part of each."""


class AwayError(Exception):
    """The store does not serve now; the text says why, and holds no credential."""


class RefusedError(AwayError):
    """The store serves, and does not take or give this."""


class LogStore(Protocol):
    """Parts of logs by their keys, which are relative paths."""

    def put(self, key: str, content: BinaryIO) -> None:
        """Store *content* as *key*, in place of what is there; AwayError."""

    def parts(self, prefix: str) -> list[str]:
        """Return the keys that begin with *prefix*; AwayError."""

    def lines(self, key: str) -> Iterator[str]:
        """Yield the lines of *key*; AwayError."""


def key(relative: str, host: str) -> str:
    """Return the key of what *host* wrote to the log at *relative*."""
    return f"{relative}{SEPARATOR}{host}"


def is_inside(relative: str) -> bool:
    """Return whether *relative* leads nowhere but down."""
    parts = relative.split("/")
    return bool(relative) and all(part not in ("", ".", "..") for part in parts) and "\0" not in relative


def opened(said: Mapping[str, Any]) -> LogStore:
    """Return the store that *said* describes: its kind, and what that needs."""
    from aerodrome_airflow.logs import hdfs, s3

    kinds: dict[str, Callable[[Mapping[str, Any]], LogStore]] = {
        "s3": s3.from_settings,
        "hdfs": hdfs.from_settings,
    }
    return kinds[str(said["kind"])](said)
