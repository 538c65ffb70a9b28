# Rendered from tenants/flights/dags/minimal.yaml: edit that file, this one is overwritten.
# Source sha256:…
# Policy sha256:…

from datetime import timedelta

from aerodrome_airflow.alerts import FailureAlert
from aerodrome_airflow.tenant_values import TenantValues
from airflow.sdk import DAG
from common_plugins.operators.flow_empty import FlowEmptyOperator

with DAG(  # line 1
    dag_id="flights.minimal",
    schedule=None,
    catchup=False,
    max_active_runs=4,
    max_active_tasks=8,
    tags=["tenant:flights"],
    default_args={
        "owner": "Flight data",
        "logger_name": "flights",
        "queue": "default",
        "pool": "flights",
        "retries": 0,
        "execution_timeout": timedelta(hours=2),
    },
    owner_links={"Flight data": "mailto:flights@example.org"},
    allowed_run_types=["manual", "operator_triggered"],
    access_control={
        "flights.viewer": {"DAGs": {"can_read"}, "DAG Runs": {"can_read"}},
        "flights.editor": {
            "DAGs": {"can_edit", "can_read"},
            "DAG Runs": {"can_create", "can_read"},
        },
        "flights.admin": {
            "DAGs": {"can_delete", "can_edit", "can_read"},
            "DAG Runs": {"can_create", "can_delete", "can_read"},
        },
    },
    on_failure_callback=FailureAlert("central", "team"),
    user_defined_macros={"tenant": TenantValues("flights", {"region": "eu", "items": 3})},
    jinja_environment_kwargs={"keep_trailing_newline": True},
) as dag:
    nothing = FlowEmptyOperator(task_id="nothing")  # line 3
