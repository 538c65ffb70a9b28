# Rendered from tenants/flights/dags/daily.yaml: edit that file, this one is overwritten.
# Source sha256:…
# Policy sha256:…

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from aerodrome_airflow.alerts import FailureAlert
from aerodrome_airflow.tenant_values import TenantValues
from airflow.sdk import DAG, Asset, Param
from common_plugins.operators.file_wait import FileWaitOperator
from common_plugins.operators.http_request import HttpRequestOperator
from common_plugins.operators.python_call import PythonCallOperator
from common_plugins.operators.sql_check import SqlCheckOperator
from common_plugins.operators.sql_query import SqlQueryOperator

with DAG(  # line 1
    dag_id="flights.daily",
    description="Load and check the day's flights",
    doc_md=(
        "# Daily flights\n"
        "\n"
        'Loads one day and says "done" when it\'s there.\n'
    ),
    schedule="30 6 * * 1-5",
    start_date=datetime(2024, 1, 31, 6, tzinfo=ZoneInfo("Europe/Berlin")),
    end_date=datetime(2030, 12, 31, tzinfo=ZoneInfo("Europe/Berlin")),
    catchup=True,
    max_active_runs=2,
    max_active_tasks=4,
    dagrun_timeout=timedelta(hours=3, minutes=30),
    tags=["tenant:flights", "sql", "daily"],
    params={
        "airport": Param(  # line 17
            "JFK",
            type="string",
            title="Airport",
            description="Where flights start",
            pattern="^[A-Z]{3}$",
        ),
        "limit": Param(10, type=["integer", "null"], minimum=1, maximum=1000),  # line 18
        "kinds": Param(["a", "b"], type="array", items={"enum": ["a", "b", "c"]}),  # line 19
        "plain": [1.5, True, None],
        "object": Param({"a": {"b": []}}, type="object"),  # line 21
    },
    default_args={
        "owner": "Flight data",
        "logger_name": "flights",
        "queue": "default",
        "pool": "flights",
        "retries": 2,
        "execution_timeout": timedelta(hours=2),
        "retry_delay": timedelta(minutes=1),
        "max_retry_delay": timedelta(minutes=30),
        "retry_exponential_backoff": 2.0,
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
    wait = FileWaitOperator(task_id="wait", path="in/{{ ds }}.csv", mode="defer", timeout=21600.0)  # line 24
    load = SqlQueryOperator(  # line 27
        task_id="load",
        connection="warehouse",
        sql=(
            "INSERT INTO flights\n"
            "SELECT * FROM raw\n"
            " WHERE day = '{{ ds }}' AND origin = '{{ params.airport }}' RETURNING flight\n"
        ),
        result="column",
        execution_timeout=timedelta(minutes=20),
        outlets=[Asset("flights.flights")],
        doc_md="Inserts what is new.",
    )
    check = SqlCheckOperator(  # line 40
        task_id="check",
        connection="warehouse",
        checks=[
            {"name": "some rows", "sql": "SELECT count(*) FROM flights", "at_least": 1},
            {"name": 'no "quotes"', "sql": "SELECT 1", "equals": 1},
        ],
    )
    people = PythonCallOperator(  # line 48
        task_id="people",
        function="flights.jobs:pseudonymise",
        args={"region": "{{ tenant.region }}", "rows": load.output},
        connections=["people"],
        variables=["token"],
        outputs=["rows"],
        runtime="0123456789abcdef",
        queue="pii",
        pool="flights.heavy",
        pool_slots=2,
        priority_weight=5,
    )
    tell = HttpRequestOperator(  # line 61
        task_id="tell",
        connection="api",
        endpoint="done",
        method="POST",
        json_body={"count": people.output["rows"]},
        trigger_rule="all_done",
    )

    wait >> load >> check >> people
