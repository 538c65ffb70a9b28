"""Lines of a rendered file back to lines of its manifest, by the `# line N` behind what came from there."""

from __future__ import annotations

import re
from pathlib import Path

_NOTE = re.compile(r"  # line (\d+)$")
_FRAME = re.compile(r'File "([^"\n]+)", line (\d+)')
_PARAM = re.compile(r"^\s+\"\w+\": Param\(")
_CHECKS_PARAMS = "param.py"


def line_of_trace(text: str, path: Path, trace: str) -> int:
    """Return the manifest's line for the innermost frame of *trace* that is in the rendered file *path*."""
    lines = _lines_in(path, trace)
    return _line_before(text, lines[-1]) if lines else _line_before(text, 0)


def line_of_stuck(text: str, path: Path, trace: str) -> int:
    """Return the manifest's line for a process that hangs at *trace*, innermost frame first."""
    if _CHECKS_PARAMS in trace and (line := _line_of_pattern(text)):
        return line
    lines = _lines_in(path, trace)
    return _line_before(text, lines[0]) if lines else _line_before(text, 0)


def _lines_in(path: Path, trace: str) -> list[int]:
    return [int(line) for file, line in _FRAME.findall(trace) if file == str(path)]


def _line_before(text: str, rendered: int) -> int:
    """Return the last noted line at or before line *rendered*, or the first one of the file."""
    notes = [
        (number, int(found[1]))
        for number, line in enumerate(text.split("\n"), 1)
        if (found := _NOTE.search(line))
    ]
    before = [line for number, line in notes if number <= rendered]
    return before[-1] if before else notes[0][1] if notes else 1


def _line_of_pattern(text: str) -> int | None:
    """Return the line of the first param with a `pattern`: those are what takes for ever to check."""
    noted: int | None = None
    for line in text.split("\n"):
        if _PARAM.match(line):
            found = _NOTE.search(line)
            noted = int(found[1]) if found else None
        if noted is not None and "pattern=" in line:
            return noted
    return None
