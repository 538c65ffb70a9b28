"""Files that are no documents."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from aerodrome.errors import ProblemsFound
from aerodrome.source.document import read_document


def refused(path: Path) -> str:
    """Return what is said about the file at *path*."""
    with pytest.raises(ProblemsFound) as found:
        read_document(path, "x.yaml")
    return str(found.value).partition("\n")[0]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a: 1\nb: caf\xe9\n", "x.yaml:2:7: not UTF-8: byte 0xe9 at position 11"),
        (b"\xff", "x.yaml:1:1: not UTF-8: byte 0xff at position 0"),
        (b"\xef\xbb\xbfa: 1", "x.yaml:1:1: starts with a byte order mark of UTF-8"),
        (b"\xff\xfea\x00", "x.yaml:1:1: starts with a byte order mark of UTF-16"),
        (b"a: b\x00", "x.yaml:1:5: the character U+0000 must not stand in a YAML file as it is"),
    ],
)
def test_bytes_that_are_no_plain_utf8_are_refused_with_their_place(
    tmp_path: Path, content: bytes, said: str
) -> None:
    """Encoding mistakes name the byte."""
    (tmp_path / "x.yaml").write_bytes(content)
    assert refused(tmp_path / "x.yaml") == said


def test_a_file_of_10_mb_is_refused_without_being_read(tmp_path: Path) -> None:
    """The size alone tells: no memory would hold the second one."""
    path = tmp_path / "x.yaml"
    path.write_bytes(b"a: [" + b"1, " * 3_500_000 + b"1]")
    assert refused(path) == "x.yaml: 10,500,006 bytes; a file may have 1,048,576"
    os.truncate(path, 2**40)
    assert refused(path) == "x.yaml: 1,099,511,627,776 bytes; a file may have 1,048,576"


def test_a_link_a_pipe_a_folder_and_nothing_are_no_documents(tmp_path: Path) -> None:
    """None of them blocks or is followed."""
    (tmp_path / "link").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    said = [refused(tmp_path / name) for name in ("link", "pipe", "folder", "nothing")]
    assert said == [
        "x.yaml: a symbolic link",
        "x.yaml: not a regular file",
        "x.yaml: not a regular file",
        "x.yaml: cannot be read: No such file or directory",
    ]
