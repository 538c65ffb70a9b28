"""DAGs of two tenants; as a program, runs them in Airflow itself and prints what a test looks at as JSON."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pandas
from airflow import settings
from airflow.models import import_all_models
from airflow.models.base import Base
from airflow.models.xcom import XComModel
from airflow.sdk import DAG, BaseOperator
from airflow.utils.db import add_default_pool_if_not_exists, synchronize_log_template
from airflow.utils.session import create_session

TABLE = pandas.DataFrame({"number": range(50_000), "text": ["some text"] * 50_000})


class Make(BaseOperator):
    """Returns a table; the first attempt fails after it has stored another."""

    def execute(self, context: Any) -> Any:
        """Return the table."""
        context["ti"].xcom_push(key="numbers", value=list(range(50_000)))
        if context["ti"].try_number == 1:
            raise RuntimeError("the first attempt fails")
        return TABLE


class Look(BaseOperator):
    """Returns what it finds of its own tenant's, or of another's, results."""

    template_fields = ("what",)

    def __init__(self, *, what: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.what = what

    def execute(self, context: Any) -> Any:
        """Return whether the parameter and what is pulled are what was stored."""
        numbers = context["ti"].xcom_pull(task_ids="make", key="numbers")
        return {"table": bool(self.what.equals(TABLE)), "numbers": numbers == list(range(50_000))}


class Steal(BaseOperator):
    """Pulls the result of another tenant's task."""

    def execute(self, context: Any) -> Any:
        """Return what it finds."""
        return len(
            context["ti"].xcom_pull(
                dag_id="alpha.flow", task_ids="make", run_id=context["dag_run"].conf["run"]
            )
        )


START = datetime(2024, 1, 1)
with DAG("alpha.flow", schedule=None, start_date=START) as own:
    make = Make(task_id="make", retries=1, retry_delay=timedelta(0))
    make >> Look(task_id="look", what=make.output)
with DAG("beta.flow", schedule=None, start_date=START) as other:
    Steal(task_id="steal")


def main() -> None:
    """Run both DAGs."""
    import_all_models()
    with settings.get_engine().begin() as connection:
        Base.metadata.create_all(connection)
    add_default_pool_if_not_exists()
    synchronize_log_template()
    run = own.test()
    thief = other.test(run_conf={"run": run.run_id})
    states = {one.task_id: str(one.state) for each in (run, thief) for one in each.get_task_instances()}
    with create_session() as session:
        rows = {f"{row.key}@{row.task_id}": row.value for row in session.query(XComModel)}
    print(json.dumps({"states": states, "rows": rows}))


if __name__ == "__main__":
    main()
