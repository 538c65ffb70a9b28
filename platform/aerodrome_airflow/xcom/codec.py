"""Values as bytes and back: JSON, bytes, Arrow and pandas. Nothing here runs what it reads."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Generator, Iterator
from typing import IO, Any, Protocol

from aerodrome_airflow.xcom.errors import DamagedError, RefusedError
from aerodrome_airflow.xcom.reference import Kind
from aerodrome_airflow.xcom.streams import StoredStream, Streamed

# Of a table, about so many bytes are turned into one batch.
BATCH = 8 * 1024 * 1024
_ITEMS = 1000


class Sink(Protocol):
    """Takes bytes."""

    def write(self, content: bytes) -> int:
        """Take *content*."""


def kind_of(value: object) -> Kind:
    """Return how *value* is written; what is none of the others is JSON."""
    if isinstance(value, Streamed | StoredStream):
        return "stream"
    if isinstance(value, bytes | bytearray | memoryview):
        return "bytes"
    # Asked without an import: most tasks have neither library.
    library, name = type(value).__module__.partition(".")[0], type(value).__name__
    if library == "pandas" and name == "DataFrame":
        return "pandas"
    return (
        "arrow" if library == "pyarrow" and name in ("Table", "RecordBatch", "RecordBatchReader") else "json"
    )


def write(value: Any, kind: Kind, sink: Sink) -> None:
    """Write *value*, which is of *kind*."""
    writers: dict[Kind, Callable[[Any, Sink], None]] = {
        "json": _write_json,
        "bytes": _write_bytes,
        "arrow": _write_arrow,
        "pandas": _write_pandas,
        "stream": _write_stream,
    }
    writers[kind](value, sink)


def read(kind: Kind, source: IO[bytes]) -> Any:
    """Return the value of *kind* that *source* holds."""
    readers: dict[Kind, Callable[[IO[bytes]], Any]] = {
        "json": _read_json,
        "bytes": lambda source: source.read(),
        "arrow": _read_arrow,
        "pandas": lambda source: _read_arrow(source).to_pandas(self_destruct=True, split_blocks=True),
    }
    return readers[kind](source)


def json_pieces(value: Any) -> Iterator[str]:
    """Yield *value* as JSON, a list or mapping at its top some items at a time: never the whole text at once."""
    if isinstance(value, list) and len(value) > _ITEMS:
        yield from _joined(
            "[", (_text(value[at : at + _ITEMS])[1:-1] for at in range(0, len(value), _ITEMS)), "]"
        )
    elif isinstance(value, dict) and len(value) > 1:
        yield from _joined("{", (_text({key: item})[1:-1] for key, item in value.items()), "}")
    else:
        yield _text(value)


def _joined(begin: str, parts: Iterator[str], end: str) -> Iterator[str]:
    between = begin
    for part in parts:
        yield between + part
        between = ", "
    yield end


def _text(value: Any) -> str:
    try:
        return json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as problem:
        raise RefusedError(f"the result is not JSON: {problem}") from None


def _write_json(value: Any, sink: Sink) -> None:
    for piece in json_pieces(value):
        sink.write(piece.encode("ascii"))


def _read_json(source: IO[bytes]) -> Any:
    try:
        return json.load(source)
    except (ValueError, RecursionError):
        raise DamagedError("the stored result is not JSON") from None


def _write_bytes(value: bytes | bytearray | memoryview, sink: Sink) -> None:
    content = memoryview(value).cast("B")
    for start in range(0, len(content), io.DEFAULT_BUFFER_SIZE * 16):
        sink.write(bytes(content[start : start + io.DEFAULT_BUFFER_SIZE * 16]))


def _write_stream(value: Streamed | StoredStream, sink: Sink) -> None:
    pieces = value.pieces if isinstance(value, Streamed) else value.pieces()
    try:
        for piece in pieces:
            sink.write(piece)
    finally:
        # Whoever makes them ends now, also where the sink took no more.
        if isinstance(pieces, Generator):
            pieces.close()


def _write_arrow(value: Any, sink: Sink) -> None:
    import pyarrow

    if isinstance(value, pyarrow.Table):
        value = value.to_reader(max_chunksize=_rows(value.num_rows, value.nbytes))
    elif isinstance(value, pyarrow.RecordBatch):
        value = pyarrow.RecordBatchReader.from_batches(value.schema, [value])
    with pyarrow.ipc.new_stream(_File(sink), value.schema) as writer:
        for batch in value:
            writer.write_batch(batch)


def _write_pandas(value: Any, sink: Sink) -> None:
    import pyarrow

    try:
        schema = pyarrow.Schema.from_pandas(value)
        with pyarrow.ipc.new_stream(_File(sink), schema) as writer:
            rows = _rows(len(value), int(value.memory_usage(deep=False).sum()))
            # Without a row: the categories of a column travel with a batch, and a table may have no other.
            writer.write_batch(pyarrow.RecordBatch.from_pandas(value.iloc[:0], schema=schema))
            for start in range(0, len(value), rows):
                part = value.iloc[start : start + rows]
                writer.write_table(pyarrow.Table.from_pandas(part, schema=schema).combine_chunks())
    except (pyarrow.ArrowInvalid, pyarrow.ArrowTypeError, pyarrow.ArrowNotImplementedError) as problem:
        raise RefusedError(f"a column of the table has no one type that Arrow knows: {problem}") from None


def _read_arrow(source: IO[bytes]) -> Any:
    import pyarrow

    try:
        table = pyarrow.ipc.open_stream(source).read_all()
        # Somebody else than this code may have written the bytes: no offset may lead out of its buffer.
        table.validate(full=True)
    except MemoryError:
        raise
    except (pyarrow.ArrowException, OSError, ValueError):
        raise DamagedError("the stored result is no table") from None
    return table


def _rows(count: int, size: int) -> int:
    return max(1, min(count, count * BATCH // max(size, 1)))


class _File(io.RawIOBase):
    """A sink as Arrow wants it."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        return self._sink.write(bytes(content))
