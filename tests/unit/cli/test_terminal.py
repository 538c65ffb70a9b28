"""What goes to a terminal may come from a tenant: its tests, its texts."""

from __future__ import annotations

import subprocess
import sys

import pytest

SHOW = "import sys; from aerodrome.cli import show; show.line(sys.argv[1])"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("\x1b]0;title\x07\x1b[2Jgone", r"\x1b]0;title\x07\x1b[2Jgone"),
        ("\u202etxt.exe \x9b1m", r"\u202etxt.exe \x9b1m"),
        ("é 日本 [bold]x[/bold]\nnext", "é 日本 [bold]x[/bold]\nnext"),
    ],
)
def test_line_commands_no_terminal(written: str, shown: str) -> None:
    """Colours, titles and the reversal of text are shown as what they are; other text is text."""
    command = [sys.executable, "-c", SHOW, written]
    done = subprocess.run(command, capture_output=True, check=True, timeout=60)
    assert done.stdout.decode() == f"{shown}\n"


def test_error_commands_no_terminal() -> None:
    """It may tell, in the words of a package's own build, why that failed."""
    refuse = "import sys; from aerodrome.cli import program; program._refuse(sys.argv[1], 2)"
    command = [sys.executable, "-c", refuse, "cannot be built: \x1b[2J\rdone\n    make deploy"]
    done = subprocess.run(command, capture_output=True, check=False, timeout=60)
    assert (
        done.stderr.decode() == "cannot be built: \\x1b[2J\\rdone\n    make deploy\n" and done.returncode == 2
    )
