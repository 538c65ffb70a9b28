"""`aerodrome check`: all mistakes of all files in one run, told where and how to mend them."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

LATE = "dag_id: late\nschedule: null\ntasks: [{id: a, uses: flow.empty}]\n"


def test_good_manifests_pass(place: Any) -> None:
    """Exit code 0, one line, nothing on the error output and nothing left behind."""
    place.tenant("alpha", "daily")
    place.tenant("beta", "daily")
    done = place.run("check")
    assert (done.returncode, done.stderr) == (0, "") and place.left() == []
    assert done.stdout.startswith("2 DAGs of 2 tenants") and done.stdout.count("\n") == 1


def test_all_mistakes_of_all_files_are_told_in_one_run(good: Any) -> None:
    """Exit code 2; each with file, line, column and field, sorted, on the error output alone."""
    good.dag("alpha", "one", "dag_id: one\nschedule: never\ntasks: [{id: a, uses: flow.empyt}]\n")
    good.dag("beta", "two", "dag_id: two\ndag_id: two\n")
    good.write("tenants/gamma/tenant.yaml", "owner: x\n")
    done = good.run("check")
    files = [line.partition(":")[0] for line in done.stderr.splitlines() if not line.startswith(" ")]
    assert (done.returncode, done.stdout) == (2, "") and files == sorted(files) and len(files) >= 5
    one = ("alpha/dags/one.yaml:2:11: schedule:", "alpha/dags/one.yaml:3:23: tasks.a.uses:")
    places = (*one, "beta/dags/two.yaml:2:1:", "gamma/tenant.yaml:1:")
    assert not [place for place in places if f"tenants/{place}" not in done.stderr]
    assert "did you mean 'flow.empty'?" in done.stderr


def test_what_is_printed_is_as_the_author_wrote_it(good: Any) -> None:
    """Markup of the terminal library has no meaning in a manifest, nor have control characters."""
    good.dag("alpha", "one", 'dag_id: one\nschedule: null\ntasks: [{id: a, uses: "[red]x[/red] \\e[31m"}]\n')
    done = good.run("check")
    assert "[red]x[/red]" in done.stderr and "\x1b" not in done.stderr


def test_one_tenant_is_checked_alone(good: Any) -> None:
    """Another tenant's mistake is not this one's."""
    good.dag("beta", "broken", "dag_id: broken\n")
    assert good.run("check", "--tenant", "alpha").returncode == 0
    assert good.run("check", "--tenant", "alpha", "--tenant", "beta").returncode == 2


def test_a_lock_with_an_address_is_a_mistake(good: Any) -> None:
    """What only a build would find is told by the check."""
    good.tenant("alpha", "daily", more="dependencies: requirements.lock\n")
    good.write("tenants/alpha/requirements.lock", "--index-url https://example.org\nx==1\n")
    done = good.run("check")
    assert done.returncode == 2 and "tenants/alpha/requirements.lock:1: " in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--tenant", "alhpa"), "tenants/alhpa does not exist\n    did you mean 'alpha'?"),
        (("--tenant", "../alpha"), "tenants/../alpha does not exist"),
        (("--tenant", ""), "tenants/ does not exist"),
        (("--env", "locl"), "unknown environment 'locl'\n    did you mean 'local'?"),
        (("--env", "../local"), "unknown environment '../local'"),
    ],
)
def test_an_unknown_tenant_or_environment_is_told(
    good: Any, arguments: tuple[str, ...], message: str
) -> None:
    """Exit code 2, and what is there instead."""
    done = good.run("check", *arguments)
    assert done.returncode == 2 and done.stderr.startswith(message) and "Traceback" not in done.stderr


def test_a_broken_environment_is_told_with_its_place(good: Any) -> None:
    """It stops everything, so it is told alone."""
    good.write("environments/local/environment.yaml", "kind: locl\n")
    done = good.run("check")
    assert done.returncode == 2 and "environments/local/environment.yaml:1:7: kind: " in done.stderr


def test_outside_of_a_repository_there_is_nothing_to_check(place: Any, tmp_path: Path) -> None:
    """The message says which folder is meant."""
    process = place.start("check", env={**place.environment, "AERODROME_REPOSITORY": str(tmp_path)})
    _, errors = process.communicate()
    assert process.returncode == 2 and errors.startswith(f"{tmp_path} is in no Aerodrome repository")


def test_a_repository_without_tenants_passes(place: Any) -> None:
    """The first thing that a platform team sees."""
    assert place.run("check").stdout.startswith("0 DAGs of 0 tenants")


def test_a_command_works_in_a_folder_of_the_repository(good: Any) -> None:
    """As git does."""
    environment = {name: value for name, value in good.environment.items() if name != "AERODROME_REPOSITORY"}
    process = good.start("check", "--tenant", "alpha", env=environment, cwd=good.root / "tenants/alpha/dags")
    assert process.communicate()[0].startswith("1 DAG of 1 tenant")


def test_a_full_pipe_ends_quietly(good: Any) -> None:
    """`aerodrome operators | head -1` is no error worth a traceback."""
    reader, writer = os.pipe()
    os.close(reader)
    process = good.start("operators", stdout=writer)
    os.close(writer)
    assert "Traceback" not in process.communicate()[1]


def children(pid: int) -> list[psutil.Process]:
    """Return the processes below *pid*."""
    return psutil.Process(pid).children(recursive=True)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_check_leaves_nothing(good: Any, number: signal.Signals, code: int) -> None:
    """No traceback, no process, no folder; and the next check works."""
    good.dag("alpha", "late", LATE)
    process = good.start("check", start_new_session=True)
    end = time.monotonic() + 30
    while not (started := children(process.pid)) and time.monotonic() < end:
        time.sleep(0.05)
    # The child is busy with the import of Airflow by now, and has not got to the DAG.
    time.sleep(0.5)
    process.send_signal(number)
    _, errors = process.communicate(timeout=20)
    assert (process.returncode, good.left()) == (code, []) and "Traceback" not in errors
    assert started and not [each for each in started if each.is_running() and each.status() != "zombie"]
