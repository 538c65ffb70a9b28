"""Nothing is applied to a shared environment without somebody's word, and nothing destroyed without its name."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from aerodrome.plan import Change, Plan, saved

SCRIPT = Path(__file__).with_name("made_up_approval.py")


def asked(*arguments: str, typed: str | None = None) -> tuple[int, str]:
    """Return how an approval ended and what it said; on a terminal where somebody has *typed* something."""
    here, there = pty.openpty()
    if typed is not None:
        os.write(here, typed.encode())
    stdin = subprocess.DEVNULL if typed is None else there
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *arguments], stdin=stdin, capture_output=True, text=True, check=False
    )
    os.close(here)
    os.close(there)
    return done.returncode, done.stdout


def test_without_a_terminal_nothing_is_applied_unless_somebody_said_so() -> None:
    """The message says both ways to say it."""
    status, told = asked("role", "")
    assert status == 2 and "nobody is here to be asked. Apply 1 change to prod?" in told
    assert "YES=1, or make deploy ENV=prod PLAN=<hash> after make plan" in told
    assert asked("role", "", "--yes") == (0, "approved\n")


def test_where_nothing_is_to_be_changed_nobody_is_asked() -> None:
    """In a pipeline too."""
    assert asked("nothing", "") == (0, "approved\n")


@pytest.mark.parametrize(("typed", "status"), [("y\n", 0), ("n\n", 1), ("\n", 1)])
def test_on_a_terminal_the_answer_counts(typed: str, status: int) -> None:
    """No answer is a no."""
    found, told = asked("role", "", typed=typed)
    assert found == status and ("approved" in told) is (status == 0)


def test_yes_destroys_nothing() -> None:
    """Each name must be listed; what is missing is named, beside what was listed."""
    status, told = asked("lost", "results", "--yes")
    assert status == 2 and "nobody has confirmed what this plan destroys: delete namespace gone\n" in told
    assert "look at the plan; if that is meant: CONFIRM=gone,results" in told
    assert asked("lost", " gone ,results", "--yes") == (0, "approved gone results\n")


def test_a_name_is_typed_on_a_terminal() -> None:
    """What was listed need not be."""
    status, told = asked("lost", "results", typed="gone\ny\n")
    assert status == 0 and "delete namespace gone. Type its name" in told and "volume" not in told
    status, told = asked("lost", "results", typed="prod\n")
    assert status == 2 and "nothing was changed: 'prod' is not 'gone'" in told


def test_a_plan_that_destroys_asks_on_this_machine_too(good: Any, tmp_path: Path) -> None:
    """A deploy without a plan asks nothing: it is what the first command of the README does."""
    gone = Change("bundle", "delete", "limits of gone", "its manifest is gone", kind="tenant", name="gone")
    saved.save(tmp_path, Plan("local", (gone,)), out=tmp_path)
    done = good.run("deploy", "--plan", str(tmp_path))
    assert done.returncode == 2 and "this plan destroys: delete limits of gone" in done.stderr
    done = good.run("deploy", "--plan", str(tmp_path), "--confirm", "gone")
    assert done.returncode == 2 and "the repository asks for something else" in done.stderr
