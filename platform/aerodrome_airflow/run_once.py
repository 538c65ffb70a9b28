"""Run one DAG of a folder once, in this process, without a scheduler: `python -m aerodrome_airflow.run_once FILE DAG_ID`.

Started by `make run` with an AIRFLOW_HOME of its own; prints each task's log and one line per task.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

# Loggers of the machinery around a task; a person who runs a DAG once wants the tasks' own lines.
_QUIET = ("airflow.dag_processing", "airflow.models", "airflow.serialization", "airflow.api_fastapi", "airflow.sdk")


def main(arguments: list[str]) -> int:
    """Run the DAG and return 0 when the run succeeded."""
    file, dag_id = arguments
    dag = _load(Path(file), dag_id)
    _quieten()
    run = dag.test()
    for instance in sorted(run.get_task_instances(), key=lambda found: found.start_date or run.start_date):
        _say(f"{instance.task_id:<30} {instance.state}")
    _say(f"{dag_id}: {run.state}")
    return 0 if run.state == "success" else 1


def _load(file: Path, dag_id: str) -> Any:
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(str(file), bundle_path=file.parents[1], bundle_name="run")
    if dag_id not in bag.dags:
        raise SystemExit(f"{file.name} holds no DAG {dag_id}: {bag.import_errors}")
    return bag.dags[dag_id]


def _quieten() -> None:
    import logging

    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
