"""What a task of the platform's own sees of tenants' secrets on each queue, and a start that is not allowed."""

import datetime
import getpass
import time

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import DAG, BaseHook, Variable, task

CONNECTIONS = ("alpha.warehouse", "beta.warehouse", "alpha.%2e%2e", "../beta/connections/warehouse")
VARIABLES = ("alpha.token", "beta.token")


def seen(read, name):
    try:
        return read(name)
    except Exception as problem:
        return type(problem).__name__


with DAG("platform.probe", schedule=None, params={"seconds": 0}):
    for queue in ("default", "pii", "onprem", "maintenance"):

        @task(task_id=queue, queue=queue, retries=3, retry_delay=datetime.timedelta(seconds=1))
        def report(params):
            print("user", getpass.getuser())
            for name in CONNECTIONS:
                print("connection", name, seen(lambda each: BaseHook.get_connection(each).login, name))
            for name in VARIABLES:
                print("variable", name, seen(Variable.get, name))
            time.sleep(params["seconds"])

        report()

with DAG("platform.intruder", schedule=None):
    TriggerDagRunOperator(task_id="start", trigger_dag_id="gamma.params", queue="maintenance")
