"""What a run shows of its tasks' lines."""

from __future__ import annotations

import pytest
from aerodrome_airflow.screen import Screen, say


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("\x1b]0;title\x07\x1b[2Jgone", r"\x1b]0;title\x07\x1b[2Jgone"),
        ("\x9b31m", r"\x9b31m"),
        ("a\tb é 日本", "a\tb é 日本"),
        ("\u202etxt.exe", r"\u202etxt.exe"),
    ],
)
def test_line_of_a_task_commands_no_terminal(
    written: str, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Colours, titles and the reversal of text are shown as what they are; text of any language is text."""
    screen = Screen()
    screen.task = "load"
    screen.line(f"{written}\nnext")
    say(written)
    assert capsys.readouterr().out == f"load | {shown}\nload | next\n{shown}\n"
