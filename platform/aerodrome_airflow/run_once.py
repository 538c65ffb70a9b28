"""Run one DAG once, in this process, without a scheduler: `python -m aerodrome_airflow.run_once FILE DAG_ID CONF`.

Started by `make run` with an AIRFLOW_HOME of its own and ends with it; CONF is a JSON file with values of params.
Prints what the tasks log and one line per task.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aerodrome.errors import did_you_mean

from aerodrome_airflow.screen import Screen, say, show_only_tasks
from aerodrome_airflow.secrets import whose

FAILED = 1
MISTAKE = 2


def main(arguments: list[str]) -> int:
    """Run the DAG and return 0 when the run succeeded, 2 where it cannot be started at all."""
    file, dag_id, conf_file = arguments
    # Airflow takes an interruption for a failure of the task and goes on with the next one.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    threading.Thread(target=_end_with_caller, daemon=True).start()
    whose.this_process_runs(dag_id)
    _silence_warnings()
    conf = json.loads(Path(conf_file).read_text(encoding="utf-8"))
    _make_database()
    dag = _load(Path(file), dag_id)
    if mistakes := [*_unknown(dag, conf), *_unfit(dag, conf), *_missing(dag, conf)]:
        sys.stderr.write("".join(f"{dag_id} {mistake}\n" for mistake in mistakes))
        return MISTAKE
    return _run(dag, conf)


def _end_with_caller() -> None:
    # The standard input is a pipe that the caller holds open and never writes to.
    os.read(0, 1)
    os._exit(FAILED)


def _unknown(dag: Any, conf: Mapping[str, Any]) -> list[str]:
    return [
        f"has no param '{name}'\n    {did_you_mean(name, dag.params)}"
        for name in conf
        if name not in dag.params
    ]


def _unfit(dag: Any, conf: Mapping[str, Any]) -> list[str]:
    from airflow.sdk.exceptions import ParamValidationError

    found = []
    for name in (name for name in conf if name in dag.params):
        try:
            dag.params.get_param(name).resolve(conf[name])
        except ParamValidationError as problem:
            found.append(f"does not take this value of {name}: {str(problem).splitlines()[0]}")
    return found


def _missing(dag: Any, conf: Mapping[str, Any]) -> list[str]:
    lacking = [name for name in dag.params if name not in conf and not dag.params.get_param(name).has_value]
    remedy = "give each a `default`, or a value for this run: make run DAG=… CONF='{…}'"
    return [f"needs a value of {', '.join(lacking)}\n    {remedy}"] if lacking else []


def _silence_warnings() -> None:
    import warnings

    # Airflow's own deprecations: nothing that a tenant could mend.
    warnings.simplefilter("ignore")


def _make_database() -> None:
    """Make the tables from the models: what a migration makes step by step, in a tenth of its time."""
    from airflow import settings
    from airflow.models import import_all_models
    from airflow.models.base import Base
    from airflow.utils.db import add_default_pool_if_not_exists, synchronize_log_template

    import_all_models()  # type: ignore[no-untyped-call]
    with settings.get_engine().begin() as connection:  # type: ignore[no-untyped-call]
        Base.metadata.create_all(connection)
    add_default_pool_if_not_exists()
    synchronize_log_template()


def _load(file: Path, dag_id: str) -> Any:
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(str(file), bundle_path=file.parents[1], bundle_name="run")
    if dag_id not in bag.dags:
        raise SystemExit(f"{file.name} holds no DAG {dag_id}: {bag.import_errors}")
    return bag.dags[dag_id]


def _run(dag: Any, conf: Mapping[str, Any]) -> int:
    _prepare(dag)
    screen = Screen()
    show_only_tasks(screen)
    run = dag.test(run_conf=dict(conf))
    order = list(dag.task_dict)
    for instance in sorted(
        run.get_task_instances(), key=lambda each: (order.index(each.task_id), each.map_index)
    ):
        screen.end(instance.task_id, instance.map_index, str(instance.state))
    say(f"{dag.dag_id}: {run.state}")
    return 0 if run.state == "success" else FAILED


def _prepare(dag: Any) -> None:
    # Somebody watches: a failure is told here and now, not to the tenant's channels and not after three attempts.
    dag.on_failure_callback = dag.on_success_callback = None
    dag.has_on_failure_callback = dag.has_on_success_callback = False
    for task in dag.tasks:
        task.retries = 0
        task.on_failure_callback = task.on_success_callback = task.on_retry_callback = []


if __name__ == "__main__":
    code = main(sys.argv[1:])
    # Nothing of this process is kept: Airflow's way of ending costs more than a second.
    os._exit(code)
