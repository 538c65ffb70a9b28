"""Airflow refuses a file of the bundle that the renderer did not write like this."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from aerodrome.policy.rules import RULES

TAMPERED = [
    ("dag_id", 'dag_id="flights.daily"', 'dag_id="payments.daily"'),
    ("dag_id", 'dag_id="flights.daily"', 'dag_id="daily"'),
    ("owner", '"owner": "Flight data"', '"owner": "airflow"'),
    ("tags", '"tenant:flights"', '"tenant:payments"'),
    ("pool", 'pool="flights.heavy"', 'pool="default_pool"'),
    ("pool", '"pool": "flights"', '"pool": "payments"'),
    ("pool", "pool_slots=2", "pool_slots=20"),
    ("queue", 'queue="pii"', 'queue="maintenance"'),
    ("queue", '"queue": "default"', '"queue": "payments"'),
    ("retries", '"retries": 2', '"retries": 50'),
    (
        "execution_timeout",
        '"execution_timeout": timedelta(hours=2)',
        '"execution_timeout": timedelta(days=2)',
    ),
    ("execution_timeout", '"execution_timeout": timedelta(hours=2),', ""),
    ("logging_field", '"logger_name": "flights"', '"logger_name": "payments"'),
    ("active_runs", "max_active_runs=2", "max_active_runs=200"),
    ("active_tasks", "max_active_tasks=4", "max_active_tasks=400"),
    ("run_types", 'allowed_run_types=["backfill", "manual", "scheduled"],', ""),
    ("run_types", '"backfill", "manual"', '"backfill", "manual", "operator_triggered"'),
    ("access", '"flights.viewer"', '"payments.viewer"'),
    ("access", '{"can_edit", "can_read"}', '{"can_delete", "can_edit", "can_read"}'),
    ("alerts", 'on_failure_callback=FailureAlert("central", "team"),', ""),
    ("alerts", 'FailureAlert("central", "team")', 'FailureAlert("team")'),
    ("alerts", 'FailureAlert("central", "team")', "[FailureAlert('central', 'team'), print]"),
    ("connections", 'connection="warehouse"', 'connection="people"'),
    ("connections", 'connection="warehouse"', 'connection="payments.warehouse"'),
    ("connections", 'connections=["people"]', 'connections=["other"]'),
    ("variables", 'variables=["token"]', 'variables=["other"]'),
    ("assets", 'Asset("flights.flights")', 'Asset("payments.rows")'),
    ("waiting", 'mode="defer"', 'mode="defer", queue="onprem"'),
    ("unmanaged", "catchup=True", "catchup=True, on_success_callback=print"),
    ("unmanaged", "priority_weight=5", 'run_as_user="root"'),
    ("placement", "priority_weight=5", 'executor_config={"pod_override": 1}'),
    ("placement", "priority_weight=5", 'executor_config={"pod_template_file": "/tmp/pod.yaml"}'),
    ("placement", "priority_weight=5", 'executor="LocalExecutor"'),
    ("unmanaged", "priority_weight=5", "on_failure_callback=print"),
    ("unmanaged", "priority_weight=5", "pre_execute=print"),
]
OF_OTHER_FILES = [
    ("catalogue", "script", "BashRunOperator(", "type('Other', (BashRunOperator,), {})("),
    ("queue", "script", '"queue": "onprem"', '"queue": "maintenance"'),
    ("tenant_text", "script", '"queue": "onprem"', '"queue": "default"'),
    (
        "triggers",
        "flow",
        "    create >> choose",
        '    again.trigger_dag_id = "payments.daily"\n    create >> choose',
    ),
    (
        "triggers",
        "flow",
        "    create >> choose",
        "    again.trigger_dag_id = create.output\n    create >> choose",
    ),
]
ELSEWHERE = """
from airflow.sdk import DAG, Asset
from airflow.providers.standard.operators.python import PythonOperator

with DAG(dag_id="flights.sample", schedule=None) as dag:
    PythonOperator(task_id="a", python_callable=print)
"""


def message(bag: Any) -> str:
    """Return the import error of the only file, which defines no DAG then."""
    assert not bag.dags
    return "\n".join(bag.import_errors.values())


@pytest.mark.parametrize(("rule", "old", "new"), TAMPERED)
def test_a_file_that_was_changed_by_hand_is_refused(
    golden: Path, bag_of: Any, rule: str, old: str, new: str
) -> None:
    """One value of a rendered file was changed; Airflow names the rule."""
    text = (golden / "daily.py").read_text()
    assert old in text
    complaint = message(bag_of(text.replace(old, new)))
    assert "AirflowClusterPolicyViolation" in complaint
    assert f"({rule})" in complaint


@pytest.mark.parametrize("change", OF_OTHER_FILES)
def test_other_files_that_were_changed_by_hand_are_refused(
    golden: Path, bag_of: Any, change: tuple[str, str, str, str]
) -> None:
    """The same for operators that only they have."""
    rule, file, old, new = change
    text = (golden / f"{file}.py").read_text()
    assert old in text
    complaint = message(bag_of(text.replace(old, new)))
    assert "AirflowClusterPolicyViolation" in complaint
    assert f"({rule})" in complaint


def test_every_rule_is_shown_to_refuse_a_file() -> None:
    """A new rule needs a line above: what holds for manifests must hold for what Airflow has parsed."""
    assert {rule.__name__ for rule in RULES} == {row[0] for row in (*TAMPERED, *OF_OTHER_FILES)}


def test_an_operator_that_the_environment_forbids_is_refused(
    golden: Path, bag_of: Any, tmp_path: Path
) -> None:
    """The limits say so, at the next parse of a file that was fine before."""
    text = (golden / "script.py").read_text()
    assert list(bag_of(text).dags) == ["flights.script"]
    limits = tmp_path / "flights" / "policy.json"
    limits.write_text(
        limits.read_text().replace('"forbidden_operators": []', '"forbidden_operators": ["bash.run"]')
    )
    assert "operator 'bash.run' is forbidden in environment 'local' (catalogue)" in message(
        bag_of(text, limits=False)
    )


def test_a_trigger_of_another_tenant_s_dag_cannot_even_be_written(golden: Path, bag_of: Any) -> None:
    """The operator puts the tenant before the name."""
    text = (
        (golden / "flow.py")
        .read_text()
        .replace('trigger_dag_id="minimal"', 'trigger_dag_id="payments.daily"')
    )
    assert "payments.daily" in message(bag_of(text))


def test_an_operator_outside_the_catalogue_is_refused(bag_of: Any) -> None:
    """Python on the scheduler's side is the renderer's alone."""
    assert "no operator of the catalogue" in message(bag_of(ELSEWHERE))


def test_a_class_that_calls_itself_an_operator_of_the_catalogue_is_refused(golden: Path, bag_of: Any) -> None:
    """`uses` on another class is not enough."""
    text = (golden / "minimal.py").read_text()
    forged = text.replace("with DAG(", "class FlowEmptyOperator(FlowEmptyOperator):\n    pass\n\n\nwith DAG(")
    assert "no operator of the catalogue" in message(bag_of(forged))


def test_a_mapped_task_is_judged_like_any_other(golden: Path, bag_of: Any) -> None:
    """Connections of all copies, and the settings that they share."""
    text = (golden / "flow.py").read_text()
    other = text.replace('runtime="0123456789abcdef"', 'connections=["other"], retries=99')
    complaint = message(bag_of(other))
    assert "(connections)" in complaint
    assert "(retries)" in complaint


@pytest.mark.parametrize("name", ["daily", "flow", "minimal", "script"])
def test_what_the_renderer_wrote_is_accepted(golden: Path, bag_of: Any, name: str) -> None:
    """Every golden file."""
    assert list(bag_of((golden / f"{name}.py").read_text()).dags) == [f"flights.{name}"]


def test_a_folder_without_limits_is_refused(golden: Path, bag_of: Any) -> None:
    """No policy.json, no DAG."""
    assert "holds no policy.json" in message(bag_of((golden / "minimal.py").read_text(), limits=False))


def test_another_tenant_s_limits_do_not_help(golden: Path, bag_of: Any) -> None:
    """A tenant's file in another tenant's folder."""
    assert "(dag_id)" in message(bag_of((golden / "minimal.py").read_text(), "payments/sample.py"))


@pytest.mark.parametrize("path", ["flights/deeper/sample.py", "flights/platform/sample.py", "sample.py"])
def test_a_file_in_no_tenant_s_folder_is_refused(golden: Path, bag_of: Any, path: str) -> None:
    """The bundle has one level of folders."""
    assert "in no tenant's folder" in message(bag_of((golden / "minimal.py").read_text(), path))


def test_the_platform_s_own_folder_is_free(bag_of: Any) -> None:
    """Its DAGs are the platform's, under its own prefix only."""
    own = ELSEWHERE.replace("flights.sample", "platform.sample")
    assert list(bag_of(own, "platform/sample.py", limits=False).dags) == ["platform.sample"]
    assert "platform.<name>" in message(bag_of(ELSEWHERE, "platform/sample.py", limits=False))


def test_changed_limits_hold_at_the_next_parse(golden: Path, bag_of: Any, tmp_path: Path) -> None:
    """The file of limits is read again when it changes."""
    text = (golden / "minimal.py").read_text()
    bag_of(text)
    limits = tmp_path / "flights" / "policy.json"
    limits.write_text(limits.read_text().replace('"active_runs": 4', '"active_runs": 1'))
    assert "(active_runs)" in message(bag_of(text, limits=False))


def test_an_airflow_of_somebody_else_is_left_alone(bag_of: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the platform's configuration section the policy says nothing."""
    monkeypatch.delenv("AIRFLOW__AERODROME__ENFORCE_POLICY")
    assert list(bag_of(ELSEWHERE, limits=False).dags) == ["flights.sample"]
