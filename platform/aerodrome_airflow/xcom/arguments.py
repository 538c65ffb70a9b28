"""Results that a launched function is called with: streams travel as content, and reach it as files of its task."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from aerodrome_airflow.xcom import codec
from aerodrome_airflow.xcom.errors import RefusedError
from aerodrome_airflow.xcom.streams import StoredStream

Place = tuple[str | int, ...]


@dataclass(frozen=True)
class Arguments:
    """Arguments as JSON, with nothing in the places of *streams*."""

    values: Mapping[str, Any]
    streams: Mapping[Place, StoredStream] = field(default_factory=dict)

    def described(self) -> list[dict[str, Any]]:
        """Return place, size and form of each stream, in the order of their content."""
        return [
            {"at": list(place), "size": stream.size, "form": stream.form}
            for place, stream in self.streams.items()
        ]

    def content(self) -> Iterator[bytes] | None:
        """Return all streams' content, one after the other; None where there is none."""
        if not self.streams:
            return None
        return (piece for stream in self.streams.values() for piece in stream.pieces())


def taken_apart(arguments: Mapping[str, Any]) -> Arguments:
    """Return *arguments* for a launched function; RefusedError where one is a table, which no JSON holds."""
    streams: dict[Place, StoredStream] = {}
    values = {name: _value(value, (name,), streams) for name, value in arguments.items()}
    return Arguments(values, streams)


def _value(value: Any, place: Place, streams: dict[Place, StoredStream]) -> Any:
    if isinstance(value, dict):
        return {key: _value(item, (*place, key), streams) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_value(item, (*place, index), streams) for index, item in enumerate(value)]
    kind = codec.kind_of(value)
    if kind in ("arrow", "pandas"):
        raise RefusedError(
            f"the argument {_shown(place)} is a table: have the earlier task return a file of it"
        )
    if kind == "bytes":
        content = bytes(value)
        streams[place] = StoredStream(len(content), "bytes", partial(io.BytesIO, content))
    elif kind == "stream":
        streams[place] = value
    return value if place not in streams else None


def _shown(place: Place) -> str:
    return ".".join(str(part) for part in place)
