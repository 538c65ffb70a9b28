"""A package of some kilobytes that unpacks to more than there is room for fills no disk."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from aerodrome.runtime.uv import Uv, UvError
from aerodrome.runtime.weight import Scale, TooHeavyError

MEBIBYTE = 1 << 20
ENDLESS = """#!/bin/sh
n=0
while :; do n=$((n + 1)); head -c 1048576 /dev/zero > "file-$n"; sleep 0.02; done
"""


def test_a_build_that_goes_on_and_on_is_ended(tmp_path: Path) -> None:
    """While it writes, not when it has written all; the tenant is told, for no machine is at fault."""
    program, folder = tmp_path / "uv", tmp_path / "folder"
    program.write_text(ENDLESS)
    program.chmod(0o755)
    folder.mkdir()
    begun = time.monotonic()
    with pytest.raises(UvError, match="more than 8MiB when it is unpacked") as told:
        Uv(program, most_bytes=8 * MEBIBYTE).run(folder)
    assert not told.value.remedy and time.monotonic() - begun < 20
    written = len(list(folder.iterdir()))
    time.sleep(0.2)
    assert len(list(folder.iterdir())) == written


def test_everything_below_counts_and_nothing_elsewhere(tmp_path: Path) -> None:
    """Folders within folders do, what a link leads to does not."""
    inside, outside = tmp_path / "inside/deep/deeper", tmp_path / "outside"
    inside.mkdir(parents=True)
    (inside / "file").write_bytes(b"x" * MEBIBYTE)
    outside.write_bytes(b"x" * 4 * MEBIBYTE)
    (inside / "link").symlink_to(outside)
    Scale(tmp_path / "inside", 2 * MEBIBYTE).weigh()
    with pytest.raises(TooHeavyError):
        Scale(tmp_path / "inside", MEBIBYTE // 2).weigh()
