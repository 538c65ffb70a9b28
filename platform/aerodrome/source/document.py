"""One YAML or JSON file as plain data that knows where it stands."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

from aerodrome.errors import Problem, ProblemsFound
from aerodrome.source.budget import MAX_BYTES, UnreadableError
from aerodrome.source.json_text import read_json
from aerodrome.source.place import Place
from aerodrome.source.report import readable
from aerodrome.source.yaml_text import read_yaml

_MARKS = {b"\xef\xbb\xbf": "UTF-8", b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


@dataclass(frozen=True)
class Document:
    """A file: *file* as it is shown, its *text*, its *data* and the places of that."""

    file: str
    text: str
    data: Any
    place: Place


def read_document(path: FilePath, file: str) -> Document:
    """Return the document in *path*, shown as *file*; ProblemsFound where there is none."""
    return parse_document(read_text(path, file), file)


def parse_document(text: str, file: str) -> Document:
    """Return the document that *text* is: JSON where *file* ends in `.json`, else YAML."""
    try:
        data, place = (read_json if file.endswith(".json") else read_yaml)(text)
    except UnreadableError as mistake:
        raise ProblemsFound([_problem(file, mistake)]) from None
    return Document(file, text, data, place)


def read_text(path: FilePath, file: str, limit: int = MAX_BYTES) -> str:
    """Return the text of *path*, shown as *file*; ProblemsFound where it is no regular, small UTF-8 file."""
    try:
        return _decoded(_content(path, limit))
    except UnreadableError as mistake:
        raise ProblemsFound([_problem(file, mistake)]) from None


def _content(path: FilePath, limit: int) -> bytes:
    try:
        # Not following links and not blocking: a pipe in the place of a manifest must not hold the run.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as problem:
        raise _unopened(problem) from None
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise UnreadableError(0, 0, "not a regular file")
    with os.fdopen(descriptor, "rb") as stream:
        content = stream.read(limit + 1) if status.st_size <= limit else None
    if content is None or len(content) > limit:
        raise UnreadableError(
            0, 0, f"{status.st_size:,} bytes; a file may have {limit:,}", "split it into several files"
        )
    return content


def _unopened(problem: OSError) -> UnreadableError:
    if problem.errno == errno.ELOOP:
        return UnreadableError(0, 0, "a symbolic link", "put the file itself here")
    return UnreadableError(0, 0, f"cannot be read: {os.strerror(problem.errno or 0)}")


def _decoded(content: bytes) -> str:
    for mark, encoding in _MARKS.items():
        if content.startswith(mark):
            remedy = "save it as UTF-8 without a byte order mark"
            raise UnreadableError(1, 1, f"starts with a byte order mark of {encoding}", remedy)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise _not_utf8(content, problem.start) from None


def _not_utf8(content: bytes, offset: int) -> UnreadableError:
    before = content[:offset].decode("utf-8").splitlines() or [""]
    line = content.count(b"\n", 0, offset) + 1
    column = 1 if content[offset - 1 : offset] == b"\n" else len(before[-1]) + 1
    message = f"not UTF-8: byte 0x{content[offset]:02x} at position {offset:,}"
    return UnreadableError(line, column, message, "save it as UTF-8")


def _problem(file: str, mistake: UnreadableError) -> Problem:
    return Problem(
        file, mistake.line, mistake.column, "", readable(mistake.message), readable(mistake.remedy)
    )
