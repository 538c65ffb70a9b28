"""The alarm comes while a task writes its log: most of the time, where it prints without a pause."""

from __future__ import annotations

import subprocess
import sys

# In a process of its own: the alarm is the process', and one that hangs has to be killed.
TASK = """
import io, signal, structlog
from datetime import datetime
from airflow.sdk import DAG
from airflow.sdk.exceptions import AirflowTaskTimeout
from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance
from airflow.sdk.execution_time.timeout import timeout
from common_plugins.operators.flow_empty import FlowEmptyOperator

class Log(io.BytesIO):
    def write(self, line):
        signal.raise_signal(signal.SIGALRM)

structlog.configure([lambda *event: str(event).encode()], logger_factory=structlog.BytesLoggerFactory(Log()))
with DAG("alpha.daily", start_date=datetime(2024, 1, 1)):
    task = FlowEmptyOperator(task_id="t")
ti = RuntimeTaskInstance.model_construct(dag_id="alpha.daily", task=task, map_index=-1)
task.render_template_fields({"ti": ti})
try:
    with timeout(60, "too long"):
        structlog.get_logger().info("a line")
except AirflowTaskTimeout as problem:
    print(problem)
"""


def test_a_task_that_prints_without_a_pause_is_ended_by_its_limit() -> None:
    """The alarm ends it in the middle of a line; Airflow's own handler would wait for that line's end for ever."""
    command = [sys.executable, "-c", TASK]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.splitlines()[-1].startswith("too long, PID: ")
