"""`aerodrome run`: one run of one DAG, without a platform, a scheduler or root."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import psutil
import pytest
from aerodrome.local.machine.deadline import wait_until

# A line of a task, how a task ended, how the run ended.
LINE = re.compile(r"\w+(\[\d+\])? \| .*|\w+(\[\d+\])?: \w+( \(\d+\.\d s\))?|quick\.\w+: \w+|quick: .*")


@pytest.fixture(scope="module")
def everything(person: Any) -> subprocess.CompletedProcess[str]:
    """A run of a DAG that uses much of what a manifest can say, in a hostile environment."""
    outside = {"AIRFLOW__LOGGING__LOGGING_LEVEL": "DEBUG", "AIRFLOW_HOME": "/nowhere", "MY_SECRET": "x",
               "AIRFLOW__CORE__EXECUTOR": "NoSuchExecutor", "PYTHONPATH": "/nowhere"}  # fmt: skip
    done: subprocess.CompletedProcess[str] = person.run("run", "quick.all", **outside)
    return done


def test_a_run_that_succeeds_ends_with_zero(everything: Any, person: Any) -> None:
    """And leaves neither a process nor a file behind."""
    assert everything.returncode == 0, everything.stdout + everything.stderr
    assert everything.stdout.splitlines()[-1] == "quick.all: success" and person.left() == []


def test_only_what_tasks_say_is_shown(everything: Any) -> None:
    """Nothing of the machinery, on neither output."""
    assert [line for line in everything.stdout.splitlines() if not LINE.fullmatch(line)] == []
    assert everything.stderr == ""


def test_each_task_is_told_once(everything: Any) -> None:
    """How it ended, the ones that a branch left out included."""
    ends = dict(re.findall(r"^(\w+(?:\[\d\])?): (success|failed|skipped)\b", everything.stdout, re.MULTILINE))
    done = "numbers", "double", "each[0]", "each[1]", "total", "tell", "rescue", "show", "choose", "left"
    assert ends == {**dict.fromkeys(done, "success"), "broken": "failed", "right": "skipped"}
    assert everything.stdout.count("\nleft: ") == 1


def test_the_lines_of_a_task_stand_behind_its_name(everything: Any) -> None:
    """As its code wrote them."""
    assert "\ndouble | doubling 4\n" in everything.stdout


def test_a_task_is_mapped_over_a_result(everything: Any) -> None:
    """Each copy gets its own element, and says so behind its own name."""
    for index, number in enumerate((1, 2)):
        assert f"\neach[{index}] | doubling {number}\n" in everything.stdout


def test_one_key_of_a_result_is_handed_on(everything: Any) -> None:
    """The sum of what the mapped copies returned."""
    assert "\ntell | told 6\n" in everything.stdout


def test_the_data_folder_is_there(everything: Any) -> None:
    """Though nothing was deployed."""
    assert "show | folder is there: True\n" in everything.stdout


def test_nothing_of_the_callers_environment_reaches_a_task(everything: Any) -> None:
    """Neither Airflow's settings nor anybody's secrets."""
    assert "show | from outside: []\n" in everything.stdout


@pytest.fixture(scope="module")
def failure(person: Any) -> subprocess.CompletedProcess[str]:
    """A run of a DAG with a task that fails."""
    done: subprocess.CompletedProcess[str] = person.run("run", "quick.fails")
    return done


def test_a_failure_is_told_at_once(failure: Any, person: Any) -> None:
    """Exit code 1, the function's own traceback, no attempt after the first, no alert."""
    done, lines = failure, failure.stdout.splitlines()
    assert done.returncode == 1 and lines[-2:] == ["after: upstream_failed", "quick.fails: failed"]
    assert "bad | ValueError: it is [red]broken[/red]" in lines and "in fail" in done.stdout
    assert done.stdout.count("Traceback") == 1 and "bad: failed" in done.stdout and done.stderr == ""
    assert [line for line in lines if not LINE.fullmatch(line)] == [] and person.left() == []


def test_a_teardown_runs_after_a_failure(failure: Any) -> None:
    """What a setup made is cleared away, and the run has failed all the same."""
    lines = failure.stdout.splitlines()
    assert "remove | told removed" in lines
    assert any(line.startswith("remove: success") for line in lines) and lines[-1] == "quick.fails: failed"


def test_a_dag_that_needs_a_value_is_not_run(person: Any) -> None:
    """The message names it, and how to give it."""
    done = person.run("run", "quick.asks")
    assert done.returncode == 2 and "quick.asks needs a value of day" in done.stderr
    assert "CONF=" in done.stderr and person.left() == []


def test_a_run_takes_values_of_params(person: Any) -> None:
    """One without a default and one in the place of it."""
    done = person.run("run", "quick.asks", "--conf", '{"day": "2024-02-29", "number": 3}')
    assert done.returncode == 0 and "go | told 2024-02-29: 3\n" in done.stdout, done.stdout + done.stderr


def test_values_that_do_not_fit_are_told_together(person: Any) -> None:
    """Each by its name, with what is allowed."""
    done = person.run("run", "quick.asks", "--conf", '{"dya": "2024-02-29", "number": 12}')
    assert done.returncode == 2 and person.left() == []
    assert "quick.asks has no param 'dya'\n    did you mean 'day'?" in done.stderr
    assert "quick.asks does not take this value of number: 12 is greater than the maximum of 9" in done.stderr
    assert "quick.asks needs a value of day" in done.stderr


@pytest.fixture
def waiting(person: Any) -> Iterator[subprocess.Popen[str]]:
    """A run whose only task waits, while it waits."""
    pid = person.repository / ".aerodrome/local/homes/quick/data/pid"
    pid.unlink(missing_ok=True)
    process = person.start("run", "quick.waits")
    end = time.monotonic() + 60
    while not pid.exists() and process.poll() is None and time.monotonic() < end:
        time.sleep(0.05)
    yield process
    process.kill()


def test_an_interrupted_run_leaves_nothing(person: Any, waiting: subprocess.Popen[str]) -> None:
    """Neither the tenant's process, nor the launcher, nor Airflow, nor a folder."""
    # What a terminal does on Ctrl-C: the signal goes to all of its processes.
    os.killpg(waiting.pid, signal.SIGINT)
    out, errors = waiting.communicate(timeout=30)
    assert waiting.returncode == 130, out + errors
    assert "Traceback" not in out + errors and person.left() == []


def test_a_killed_run_leaves_nothing(person: Any, waiting: subprocess.Popen[str]) -> None:
    """Nobody was told to clear up, and it is done all the same."""
    assert person.left()
    waiting.kill()
    waiting.communicate(timeout=30)
    assert wait_until(lambda: person.left() == [], 30), person.left()


def test_a_killed_guard_leaves_no_launcher(person: Any, waiting: subprocess.Popen[str]) -> None:
    """The run fails, and what the guard would have ended is ended by the run."""
    guard = next(
        child
        for child in psutil.Process(waiting.pid).children()
        if "aerodrome.local.loop.guard" in child.cmdline()
    )
    guard.kill()
    os.killpg(waiting.pid, signal.SIGINT)
    waiting.communicate(timeout=30)
    assert wait_until(lambda: person.left() == [], 30), person.left()
