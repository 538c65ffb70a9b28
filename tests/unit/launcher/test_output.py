"""What a job prints goes to a log on a disk that all share: there is an end to it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from aerodrome_airflow.launcher.client import TenantCodeError
from launcher_under_test import Launcher

MOST_BYTES, MOST_LINES = 2**20, 1000


@pytest.fixture
def brief(launcher: Launcher) -> Iterator[Launcher]:
    """A launcher that lets a job print little."""
    launcher.configure(output_bytes=MOST_BYTES, output_lines=MOST_LINES)
    yield launcher
    launcher.configure()


@pytest.mark.parametrize("script", ["yes", "while :; do echo; done"])
def test_lines_without_end_are_ended(brief: Launcher, script: str) -> None:
    """Short ones too, which take more room in a log than they have bytes."""
    lines: list[str] = []
    with pytest.raises(TenantCodeError, match=r"printed more than 1 MiB or 1,000 lines"):
        brief.bash(script, lines)
    assert len(lines) == MOST_LINES


def test_a_line_without_end_is_ended(brief: Launcher) -> None:
    """Nothing beyond the limit reaches the log, whatever the process does until it is killed."""
    lines: list[str] = []
    with pytest.raises(TenantCodeError, match="write to a file or a table"):
        brief.bash("trap '' TERM; (tr '\\0' x < /dev/zero)", lines)
    assert sum(map(len, lines)) <= MOST_BYTES and set("".join(lines)) == {"x"}
    assert re.search(r"kind=bash pid=\d+ ended, limit of output reached", brief.log)


def test_what_is_within_the_limit_arrives_whole(brief: Launcher) -> None:
    """To the last line, which is the result."""
    lines: list[str] = []
    assert brief.bash(f"seq {MOST_LINES}", lines) == {"exit_code": 0, "last_line": str(MOST_LINES)}
    assert lines == [str(number + 1) for number in range(MOST_LINES)]
