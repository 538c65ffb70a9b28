"""Running tasks are found by their processes, and belong to the worker whose control group they are in."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest
from aerodrome_airflow.host_metrics.tasks import Running, groups, running, tasks

_CALLED_SO = (
    "import setproctitle, sys; setproctitle.setproctitle('airflow worker -- 0199'); "
    "print('called so', flush=True); sys.stdin.read()"
)


def test_a_task_is_found_by_what_its_process_is_called() -> None:
    """As Airflow's task runner calls itself; with the time when it began."""
    with subprocess.Popen(
        [sys.executable, "-c", _CALLED_SO], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as task:
        assert task.stdout is not None and task.stdout.readline()
        found = dict(tasks())
        task.communicate()
    assert abs(found[task.pid] - time.time()) < 600 and os.getpid() not in found


@pytest.mark.parametrize(
    "said",
    [
        "5:pids:/\n1:name=systemd:/system.slice/system-aerodrome\\x2dworker.slice/aerodrome-worker@onprem.service\n",
        "0::/system.slice/aerodrome-worker@onprem.service/supervised\n",
    ],
    ids=["version 1", "version 2"],
)
def test_a_task_belongs_to_the_worker_whose_control_group_it_is_in(said: str) -> None:
    """On hosts of either version."""
    assert "aerodrome-worker@onprem.service" in groups(said)


def test_a_worker_without_tasks_has_none() -> None:
    """It is told of all the same."""
    assert running(["aerodrome-worker@other.service"]) == {"aerodrome-worker@other.service": Running()}
