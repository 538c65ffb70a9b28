"""An attack whose program was refused, never began or broke off counts as no attack: on a real launcher."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from suite.live import Code

SAYS = "print('something')"


@pytest.fixture
def code(running_launcher: Any, repository: Path) -> Code:
    """Programs of tenant alpha."""
    # Every user can run it, and the worker's side finds the platform's packages.
    python = running_launcher.folder / "python"
    given = f"PYTHONPATH={repository / 'platform'} exec {running_launcher.interpreter}"
    python.write_text(f'#!/bin/sh\n{given} "$@"\n')
    python.chmod(0o755)
    platform: Any = SimpleNamespace(
        layout=SimpleNamespace(python=python),
        accounts=SimpleNamespace(worker=lambda _: None),
    )
    return Code(platform, "alpha", socket=running_launcher.socket)


def test_a_program_that_runs_to_its_end_says_what_it_found(code: Code) -> None:
    """Without the mark by which it is known that it began."""
    assert code.python(SAYS) == "something"
    output = code.bash("echo one; echo two; false")
    assert (output.text, output.problem, output.size) == ("one\ntwo", "", len("onetwo"))


def test_a_program_that_breaks_off_is_no_attack(code: Code) -> None:
    """By an exception that it does not expect; the exception is told."""
    with pytest.raises(AssertionError, match=r"broke off: (.|\n)*KeyError: 'nothing'"):
        code.python("{}['nothing']")


def test_a_job_that_the_launcher_refuses_is_no_attack(code: Code) -> None:
    """Of a tenant that it does not know."""
    with pytest.raises(AssertionError, match=r"has not begun: .*nobody"):
        Code(code.platform, "nobody", socket=code.socket).python(SAYS)


def test_a_launcher_that_does_not_answer_is_no_defence(code: Code, tmp_path: Path) -> None:
    """The reason is told."""
    with pytest.raises(AssertionError, match="has not begun: the launcher does not answer"):
        Code(code.platform, "alpha", socket=tmp_path / "none").python(SAYS)


def test_a_command_that_is_not_there_is_no_attack(code: Code) -> None:
    """bash's exit code tells it."""
    with pytest.raises(AssertionError, match=r"cannot be run \(exit code 127\): .*no-such-command"):
        code.bash("no-such-command")


def test_a_program_that_is_ended_must_expect_that_end(code: Code) -> None:
    """By the words of the platform that the attack names, and by no others."""
    killing = "import os; print('something', flush=True); os.kill(os.getpid(), 9)"
    assert code.python(killing, may_end="killed by SIGKILL") == "something"
    for expected in ("", "used more than its limit"):
        with pytest.raises(AssertionError, match=r"ended for another reason: .*killed by SIGKILL"):
            code.python(killing, may_end=expected)
