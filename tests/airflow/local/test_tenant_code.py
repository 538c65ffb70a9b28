"""Tenant code on the running platform: started by the launcher, ended with its task."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable

import psutil
from aerodrome.clients.airflow import Airflow
from aerodrome.local.machine.platform import Platform

SLEEP = "98765"


def _sleepers() -> list[psutil.Process]:
    return [found for found in psutil.process_iter(["cmdline"]) if found.info["cmdline"] == ["sleep", SLEEP]]


def _wait(condition: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.5)
    return condition()


def test_a_waiting_sensor_is_deferred_and_sees_the_tenants_file(platform: Platform, airflow: Airflow) -> None:
    """The triggerer looks through the launcher, as the tenant's own user."""
    run = airflow.trigger("alpha.waiting")["dag_run_id"]
    state = lambda: airflow.task_instances("alpha.waiting", run)[0]["state"]  # noqa: E731
    assert _wait(lambda: state() == "deferred", 60)
    sign = platform.layout.homes / "alpha" / "data" / "sign.txt"
    sign.touch()
    if platform.layout.root:
        shutil.chown(sign, "_alpha")
    assert _wait(lambda: state() == "success", 60), state()


def test_a_task_that_is_ended_leaves_no_process(platform: Platform, airflow: Airflow) -> None:
    """What it put into the background and into a session of its own ends with it."""
    run = airflow.trigger("alpha.endless")["dag_run_id"]
    assert _wait(lambda: len(_sleepers()) == 2, 60)
    expected = "_alpha" if platform.layout.root else psutil.Process(os.getpid()).username()
    assert {process.username() for process in _sleepers()} == {expected}
    airflow.fail_run("alpha.endless", run)
    assert _wait(lambda: not _sleepers(), 60)


def test_a_task_that_is_cleared_leaves_no_process(airflow: Airflow) -> None:
    """All that it had started ends, in whatever session; then it starts anew."""
    run = airflow.trigger("alpha.endless")["dag_run_id"]
    assert _wait(lambda: len(_sleepers()) == 2, 60)
    before = set(_sleepers())
    body = {"dag_run_id": run, "task_ids": ["run"], "only_failed": False, "dry_run": False}
    airflow._call("POST", "/api/v2/dags/alpha.endless/clearTaskInstances", json=body)
    assert _wait(lambda: not before & set(_sleepers()), 60)
    assert _wait(lambda: len(_sleepers()) == 2, 60)
    airflow.fail_run("alpha.endless", run)
    assert _wait(lambda: not _sleepers(), 60)
