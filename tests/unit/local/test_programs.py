"""Programs that a deploy waits for end in any case."""

from __future__ import annotations

import time

import pytest
from aerodrome.errors import AerodromeError
from aerodrome.local import programs


def test_a_program_that_does_not_end_is_ended_and_named() -> None:
    """With what can be looked at."""
    begun = time.monotonic()
    with pytest.raises(AerodromeError, match=r"waiting for Godot did not end within 1 s.*\n.*disk full"):
        programs.run(["sleep", "60"], "waiting for Godot", 1)
    assert time.monotonic() - begun < 10


def test_what_a_program_writes_is_returned() -> None:
    """With its exit code, in what it was given."""
    done = programs.run(["sh", "-c", "cat; echo bad >&2; exit 3"], "a program", 10, input="text")
    assert (done.returncode, done.stdout, done.stderr) == (3, "text", "bad\n")
