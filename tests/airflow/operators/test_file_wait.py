"""`file.wait`: looks as the tenant's user, in each of its three modes."""

from __future__ import annotations

import asyncio
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk.exceptions import (
    AirflowRescheduleException,
    AirflowSensorTimeout,
    AirflowSkipException,
    TaskDeferred,
)

from common_plugins.triggers.tenant_file import TenantFileTrigger


@pytest.fixture
def awaited(data: Path) -> Path:
    """A file that is not there yet."""
    path = data / "arrivals-2024-01-31.csv"
    path.unlink(missing_ok=True)
    return path


PATH = "arrivals-{{ ds }}.csv"


def test_file_that_is_there_ends_the_wait(run: Any, awaited: Path) -> None:
    """In each mode at once."""
    awaited.touch()
    for mode in ("poke", "defer"):
        run("file.wait", path=PATH, mode=mode)


def test_file_that_comes_ends_the_wait(run: Any, awaited: Path) -> None:
    """In mode poke the task looks again and again."""
    threading.Timer(0.5, awaited.touch).start()
    began = time.monotonic()
    run("file.wait", path=PATH, mode="poke", poke_interval=0.2)
    assert 0.4 < time.monotonic() - began < 5


def test_end_of_patience_fails_or_skips(run: Any, awaited: Path) -> None:
    """As the task says."""
    short = {"path": PATH, "mode": "poke", "poke_interval": 0.1, "timeout": 0.2}
    with pytest.raises(AirflowSensorTimeout):
        run("file.wait", **short)
    with pytest.raises(AirflowSkipException):
        run("file.wait", **short, soft_fail=True)


def test_rescheduled_task_is_gone_between_two_looks(run: Any, awaited: Path) -> None:
    """It says when to look again, and the next look finds the file."""
    patient = {"path": PATH, "mode": "reschedule", "poke_interval": 30.0}
    with pytest.raises(AirflowRescheduleException) as gone:
        run("file.wait", **patient)
    assert 20 < (gone.value.reschedule_date - datetime.now(UTC)).total_seconds() <= 30
    awaited.touch()
    run("file.wait", **patient)


def test_patience_of_a_rescheduled_task_counts_from_its_first_look(
    operators: Any, execute: Any, dag: Any, awaited: Path
) -> None:
    """However many looks there were since."""
    task = operators("file.wait")(
        task_id="task", path=PATH, mode="reschedule", poke_interval=30.0, timeout=60.0
    )
    first = {"first_reschedule_date": datetime.now(UTC) - timedelta(seconds=50)}
    with pytest.raises(AirflowRescheduleException):
        execute(task, **first)
    with pytest.raises(AirflowSensorTimeout):
        execute(task, first_reschedule_date=first["first_reschedule_date"] - timedelta(seconds=20))


def test_deferred_task_hands_its_wait_to_the_triggerer(run: Any, awaited: Path) -> None:
    """The trigger carries all that it needs, in what Airflow can store."""
    with pytest.raises(TaskDeferred) as deferred:
        run("file.wait", path=PATH, mode="defer", poke_interval=5.0, timeout=60.0)
    module, arguments = deferred.value.trigger.serialize()
    assert module == "common_plugins.triggers.tenant_file.TenantFileTrigger"
    assert arguments == {"tenant": "alpha", "filepath": awaited.name, "poke_interval": 5.0}
    assert deferred.value.timeout is not None and deferred.value.timeout.total_seconds() == 60


def test_trigger_fires_when_the_file_comes(awaited: Path, launcher: Any) -> None:
    """Without keeping the triggerer's loop from its other triggers."""

    async def wait() -> bool:
        trigger = TenantFileTrigger("alpha", awaited.name, 0.1)
        task = asyncio.create_task(anext(trigger.run()))  # type: ignore[arg-type]
        await asyncio.sleep(0.3)
        awaited.touch()
        return bool((await asyncio.wait_for(task, 10)).payload)

    assert asyncio.run(wait())


def test_path_outside_the_folder_is_refused(run: Any, launcher: Any) -> None:
    """A template cannot lead out of it either."""
    with pytest.raises(Exception, match="paths start below"):
        run("file.wait", path="{{ '..' }}/beta/data/x", mode="poke")
