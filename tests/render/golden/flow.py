# Rendered from tenants/flights/dags/flow.yaml: edit that file, this one is overwritten.
# Source sha256:…
# Policy sha256:…

from datetime import timedelta

from aerodrome_airflow.alerts import FailureAlert
from aerodrome_airflow.tenant_values import TenantValues
from airflow.sdk import DAG, Asset, AssetAny, TaskGroup
from common_plugins.operators.dag_trigger import DagTriggerOperator
from common_plugins.operators.flow_branch import FlowBranchOperator
from common_plugins.operators.flow_empty import FlowEmptyOperator
from common_plugins.operators.python_call import PythonCallOperator

with DAG(  # line 1
    dag_id="flights.flow",
    schedule=AssetAny(Asset("flights.flights"), Asset("flights.weather")),
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
    allowed_run_types=["asset_triggered", "manual"],
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
    create = FlowEmptyOperator(task_id="create")  # line 7
    choose = FlowBranchOperator(  # line 8
        task_id="choose",
        choose="{{ 'left' if tenant.items > 2 else 'right' }}",
    )
    with TaskGroup(group_id="left", tooltip="What runs on weekdays", prefix_group_id=False) as left:  # line 4
        names = PythonCallOperator(  # line 9
            task_id="names",
            function="flights.jobs:names",
            runtime="0123456789abcdef",
        )
        with TaskGroup(group_id="inner", prefix_group_id=False) as inner:  # line 5
            each = PythonCallOperator.partial(  # line 10
                task_id="each",
                function="flights.jobs:one",
                runtime="0123456789abcdef",
                max_active_tis_per_dag=2,
            ).expand(
                args=names.output,
            )
            fixed = PythonCallOperator.partial(  # line 17
                task_id="fixed",
                function="flights.jobs:one",
                runtime="0123456789abcdef",
            ).expand(
                args=[{"n": 1}, {"n": 2}],
            )
    right = FlowEmptyOperator(task_id="right")  # line 23
    class_ = FlowEmptyOperator(  # line 24
        task_id="class",
        trigger_rule="none_failed_min_one_success",
        outlets=[Asset("flights.weather")],
    )
    remove = FlowEmptyOperator(task_id="remove")  # line 25
    again = DagTriggerOperator(  # line 26
        task_id="again",
        trigger_dag_id="minimal",
        conf={"by": "flow"},
        wait=True,
        inlets=[Asset("flights.flights")],
    )

    create >> choose >> names >> fixed
    choose >> right
    [left, right] >> class_ >> [remove, again]
    remove.as_teardown(setups=[create])
