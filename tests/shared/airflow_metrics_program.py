"""A process of Airflow that sends metrics: its own functions, on rows as its database has them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from airflow._shared.observability.metrics import stats
from airflow.configuration import conf
from airflow.dag_processing.manager import DagFileStat, emit_metrics
from airflow.jobs.dag_processor_job_runner import DagProcessorJobRunner
from airflow.jobs.scheduler_job_runner import SchedulerJobRunner
from airflow.jobs.triggerer_job_runner import TriggerRunnerSupervisor
from airflow.models.dagrun import DagRun
from airflow.observability.metrics import stats_utils
from airflow.utils.state import DagRunState, TaskInstanceState

TASK = {"dag_id": "flights.daily", "task_id": "load.rows"}
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def scheduler() -> None:
    """Send what a scheduler sends of itself, of a failed run, and of tasks in a queue."""
    SchedulerJobRunner.heartbeat_callback(SimpleNamespace(), session=SimpleNamespace())
    run = DagRun(dag_id="flights.daily", run_id="one", run_type="manual", state=DagRunState.FAILED)
    run.start_date, run.end_date = NOON, NOON + timedelta(seconds=90)
    run._emit_duration_stats_for_finished_state()
    rows: list[Any] = [(TaskInstanceState.QUEUED, "flights.daily", "load.rows", "onprem", 2)]
    session = SimpleNamespace(execute=lambda _: SimpleNamespace(all=lambda: rows))
    SchedulerJobRunner._emit_ti_metrics(
        SimpleNamespace(_multi_team=False, previous_ti_metrics={}), session=session
    )


def others() -> None:
    """Send what DAG processor, triggerer and the processes of tasks send."""
    DagProcessorJobRunner.heartbeat_callback(SimpleNamespace())
    TriggerRunnerSupervisor.heartbeat_callback(SimpleNamespace(team_name=None))
    emit_metrics(parse_time=1.5, dag_file_stats=[DagFileStat(num_dags=3, import_errors=2)])
    stats.incr("ti.finish", tags={**TASK, "state": "failed"})
    stats.incr("ti.finish", tags={"dag_id": "example", "task_id": "load", "state": "success"})
    stats.timing("task.queued_duration", timedelta(seconds=3), tags={**TASK, "queue": "onprem"})
    stats.gauge("pool.running_slots", 4, tags={"pool_name": "flights"})


if __name__ == "__main__":
    stats.initialize(
        factory=stats_utils.get_stats_factory(),
        export_legacy_names=conf.getboolean("metrics", "legacy_names_on"),
    )
    scheduler()
    others()
