"""`aerodrome run`: one run of one DAG, without a platform, a scheduler or root."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from typing import Any

import pytest

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
    ends = dict(re.findall(r"^(\w+): (success|failed|skipped)\b", everything.stdout, re.MULTILINE))
    assert ends == {
        **dict.fromkeys(("numbers", "double", "show", "choose", "left"), "success"),
        "right": "skipped",
    }
    assert everything.stdout.count("\nleft: ") == 1


def test_the_lines_of_a_task_stand_behind_its_name(everything: Any) -> None:
    """As its code wrote them."""
    assert "\ndouble | doubling 4\n" in everything.stdout


def test_the_data_folder_is_there(everything: Any) -> None:
    """Though nothing was deployed."""
    assert "show | folder is there: True\n" in everything.stdout


def test_nothing_of_the_callers_environment_reaches_a_task(everything: Any) -> None:
    """Neither Airflow's settings nor anybody's secrets."""
    assert "show | from outside: []\n" in everything.stdout


def test_a_failure_is_told_at_once(person: Any) -> None:
    """Exit code 1, the function's own traceback, no attempt after the first, no alert."""
    done = person.run("run", "quick.fails")
    lines = done.stdout.splitlines()
    assert done.returncode == 1 and lines[-2:] == ["after: upstream_failed", "quick.fails: failed"]
    assert "bad | ValueError: it is [red]broken[/red]" in lines and "in fail" in done.stdout
    assert done.stdout.count("Traceback") == 1 and "bad: failed" in done.stdout and done.stderr == ""
    assert [line for line in lines if not LINE.fullmatch(line)] == [] and person.left() == []


def test_a_dag_that_needs_a_value_is_not_run(person: Any) -> None:
    """The message names it."""
    done = person.run("run", "quick.asks")
    assert done.returncode == 2 and "quick.asks needs a value of day" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr and person.left() == []


def test_an_interrupted_run_leaves_nothing(person: Any) -> None:
    """Neither the tenant's process, nor the launcher, nor Airflow, nor a folder."""
    pid = person.repository / ".aerodrome/local/homes/quick/data/pid"
    process = person.start("run", "quick.waits")
    end = time.monotonic() + 60
    while not pid.exists() and process.poll() is None and time.monotonic() < end:
        time.sleep(0.05)
    # What a terminal does on Ctrl-C: the signal goes to all of its processes.
    os.killpg(process.pid, signal.SIGINT)
    out, errors = process.communicate(timeout=30)
    assert process.returncode == 130, out + errors
    assert "Traceback" not in out + errors and person.left() == []
