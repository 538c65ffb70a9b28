"""A task's own process is limited before a text of the manifest has its first word in it."""

from __future__ import annotations

import subprocess
import sys

import pytest

# As Airflow's task process does it, in a process of its own: its limits stay.
TASK = """
import logging, resource, sys
from datetime import datetime
from pathlib import Path
from aerodrome_airflow import celery_config
from airflow.sdk import DAG
from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance
from airflow.sdk.bases.operator import ExecutorSafeguard
from celery.signals import worker_process_init
from common_plugins.operators.python_call import PythonCallOperator

class Hungry(PythonCallOperator):
    def execute(self, context):
        return len(bytearray(int(self.args["size"])))

logging.disable()
worker_process_init.send(sender=None)
print(Path("/proc/self/oom_score_adj").read_text().strip())
for size, text in ((200 * 2**20, ""), (1500 * 2**20, ""), (1, "{{ params.x | replace('', params.x) }}")):
    with DAG("alpha.daily", start_date=datetime(2024, 1, 1)):
        task = Hungry(task_id="t", function="a:b", args={"size": "{{ params.size }}", "text": text})
    ti = RuntimeTaskInstance.model_construct(dag_id="alpha.daily", task=task, map_index=-1)
    ExecutorSafeguard.tracker.set(task)
    try:
        context = {"ti": ti, "params": {"size": str(size), "x": "x" * 40_000}}
        task.render_template_fields(context)
        print(task.execute(context))
    except Exception as problem:
        print(type(problem).__name__, problem)
"""
NEEDED_MORE = "AirflowFailException the task needs more than 1 GiB of the worker's memory: "


@pytest.fixture(scope="module")
def told() -> list[str]:
    """How a worker's process begins, and how three tasks end: one takes little, two too much."""
    done = subprocess.run(
        [sys.executable, "-c", TASK], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.splitlines()[-4:]


def test_processes_of_tasks_end_before_the_platforms_others(told: list[str]) -> None:
    """Where the machine's memory runs out, the kernel takes the tenants' jobs, then these."""
    assert told[0] == "300"


def test_task_may_take_what_an_operator_needs(told: list[str]) -> None:
    """The tenant's own code is not in this process."""
    assert told[1] == f"{200 * 2**20}"


def test_task_that_takes_more_is_told_so(told: list[str]) -> None:
    """It fails, and no other attempt follows, which would end the same."""
    assert told[2].startswith(NEEDED_MORE)


def test_template_that_makes_more_is_told_so(told: list[str]) -> None:
    """The limit is there before the first template is rendered."""
    assert told[3].startswith(NEEDED_MORE)
