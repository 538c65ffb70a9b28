# Rendered from tenants/flights/dags/script.json: edit that file, this one is overwritten.
# Source sha256:…
# Policy sha256:…

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from aerodrome_airflow.alerts import FailureAlert
from aerodrome_airflow.tenant_values import TenantValues
from airflow.sdk import DAG
from common_plugins.operators.bash_run import BashRunOperator

with DAG(  # line 2
    dag_id="flights.script",
    schedule=timedelta(hours=1, minutes=30),
    start_date=datetime(2024, 3, 31, tzinfo=ZoneInfo("UTC")),
    catchup=False,
    max_active_runs=4,
    max_active_tasks=8,
    tags=["tenant:flights"],
    default_args={
        "owner": "Flight data",
        "logger_name": "flights",
        "queue": "onprem",
        "pool": "flights",
        "retries": 0,
        "execution_timeout": timedelta(hours=2),
    },
    owner_links={"Flight data": "mailto:flights@example.org"},
    allowed_run_types=["backfill", "manual", "scheduled"],
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
    run = BashRunOperator(  # line 7
        task_id="run",
        script=(
            "set -e\n"
            'for name in \'a\' "b"; do\n'
            '\techo "$name" \\\n'
            "    done\n"
            "done\n"
            "# \u202egnp.exe é😀\n"
        ),
        env={"DAY": "{{ ds }}"},
        runtime="0123456789abcdef",
    )
