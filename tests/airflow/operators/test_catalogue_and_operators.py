"""Every entry of the catalogue has its operator, and every operator keeps what the entry says."""

from __future__ import annotations

import ast
import inspect
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aerodrome_airflow.templating import PlainTextMixin
from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator
from airflow.providers.common.sql.operators.sql import (
    BaseSQLOperator,
    SQLCheckOperator,
    SQLExecuteQueryOperator,
)
from airflow.providers.http.operators.http import HttpOperator
from airflow.providers.smtp.operators.smtp import EmailOperator
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.branch import BaseBranchOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.providers.standard.sensors.filesystem import FileSensor
from airflow.sdk import DAG, BaseOperator, BaseSensorOperator
from airflow.serialization.serialized_objects import DagSerialization

from common_plugins.catalogue import entries, entry
from common_plugins.catalogue.base import RETURN_VALUE
from common_plugins.catalogue.registry import module_names

Operators = Callable[[str], Any]
EVERY = sorted(entries())

# Enough to construct each operator.
PARAMETERS: dict[str, dict[str, Any]] = {
    "bash.run": {"script": "true"},
    "dag.trigger": {"trigger_dag_id": "other"},
    "email.send": {"connection": "mail", "to": "a@example.org", "subject": "s", "text": "t"},
    "file.wait": {"path": "x", "mode": "defer"},
    "flow.branch": {"choose": "x"},
    "flow.empty": {},
    "hdfs.get": {"path": "/x", "file": "x"},
    "hdfs.put": {"file": "x", "path": "/x"},
    "hdfs.wait": {"path": "/x"},
    "http.request": {"connection": "api"},
    "python.call": {"function": "a:b"},
    "spark.submit": {"application": "a/b.py"},
    "sql.chart": {"connection": "db", "sql": "SELECT", "file": "x.png"},
    "sql.check": {"connection": "db", "checks": [{"name": "n", "sql": "SELECT"}]},
    "sql.load": {"connection": "db", "table": "t", "file": "x.csv"},
    "sql.query": {"connection": "db", "sql": "SELECT"},
}


def test_each_file_has_its_twin(repository: Path) -> None:
    """common_plugins/catalogue/<name>.py and common_plugins/operators/<name>.py come in pairs."""
    operators = {path.stem for path in (repository / "common_plugins/operators").glob("*.py")}
    assert operators - {"__init__"} == set(module_names())


@pytest.mark.parametrize("uses", EVERY)
def test_constructor_takes_the_entrys_parameters(operators: Operators, uses: str) -> None:
    """By the same names, with the same defaults; and `runtime` where the entry runs the tenant's code."""
    signature = inspect.signature(operators(uses).__init__).parameters
    own = {name for name, one in signature.items() if one.kind is one.KEYWORD_ONLY}
    runtime = {"runtime"} if entry(uses).runs_tenant_code else set()
    expected = set(entry(uses).model_fields) | runtime
    assert (own & expected if uses == "flow.empty" else own) == expected


@pytest.mark.parametrize("uses", EVERY)
def test_defaults_agree(operators: Operators, uses: str) -> None:
    """A parameter left out in the manifest means the same to the model and to the operator."""
    signature = inspect.signature(operators(uses).__init__).parameters
    for name, field in entry(uses).model_fields.items():
        if field.is_required():
            assert signature[name].default is inspect.Parameter.empty
        else:
            default = field.get_default(call_default_factory=True)
            assert (signature[name].default or None) == (default or None), name


@pytest.mark.parametrize("uses", EVERY)
def test_template_fields_are_the_entrys(operators: Operators, uses: str) -> None:
    """Nothing else is rendered, no text is taken for a file, and pages show the catalogue's name."""
    operator = operators(uses)
    assert tuple(operator.template_fields) == entry(uses).template_fields()
    assert tuple(operator.template_ext) == ()
    assert issubclass(operator, PlainTextMixin)
    assert operator.custom_operator_name == uses


# Airflow's own operator of each entry; where its providers have none for the job, the nearest base.
PROVIDERS: dict[str, type[Any]] = {
    "bash.run": BashOperator,
    "dag.trigger": TriggerDagRunOperator,
    "email.send": EmailOperator,
    "file.wait": FileSensor,
    "flow.branch": BaseBranchOperator,
    "flow.empty": EmptyOperator,
    "hdfs.get": BaseOperator,  # the provider's hook is a client of WebHDFS inside the worker's own process
    "hdfs.put": BaseOperator,
    "hdfs.wait": BaseSensorOperator,
    "http.request": HttpOperator,
    "python.call": BaseOperator,  # Airflow's would call the function in the worker's own process
    "spark.submit": SparkSubmitOperator,
    "sql.chart": BaseSQLOperator,  # nobody draws
    "sql.check": SQLCheckOperator,
    "sql.load": BaseSQLOperator,  # the providers load no CSV file into PostgreSQL
    "sql.query": SQLExecuteQueryOperator,
}


@pytest.mark.parametrize("uses", EVERY)
def test_operator_stands_on_airflow_s_own(operators: Operators, uses: str) -> None:
    """What the provider's operator can do and mends, ours can and mends too."""
    assert issubclass(operators(uses), PROVIDERS[uses])


# Airflow itself runs none of the first, and stores no result of the second.
NOT_BY_RETURNING = {"flow.empty", "flow.branch"}


@pytest.mark.parametrize("uses", sorted(set(EVERY) - NOT_BY_RETURNING))
def test_results_are_what_the_operator_returns(operators: Operators, uses: str) -> None:
    """An entry says that its task leaves a result where `execute` returns one, and nowhere else."""
    returns = inspect.signature(operators(uses).execute).return_annotation
    assert returns is not inspect.Signature.empty
    assert (RETURN_VALUE in entry(uses).results) == (returns not in (None, "None"))


def test_a_started_run_leaves_its_id(operators: Operators) -> None:
    """Under the key that the entry names, and that the provider's link to the run reads."""
    from airflow.providers.standard.operators.trigger_dagrun import XCOM_RUN_ID

    assert entry("dag.trigger").results == {XCOM_RUN_ID}


def test_every_operator_survives_serialization(operators: Operators, dag: DAG) -> None:
    """As the DAG processor stores it for the scheduler."""
    for number, uses in enumerate(EVERY):
        operators(uses)(task_id=f"task_{number}", **PARAMETERS[uses])
    stored = json.loads(json.dumps(DagSerialization.to_dict(dag)))
    names = {task.operator_name for task in DagSerialization.from_dict(stored).tasks}
    assert names == set(EVERY)


@pytest.mark.parametrize("uses", [name for name in EVERY if PARAMETERS[name]])
def test_every_operator_can_be_mapped(operators: Operators, dag: DAG, uses: str) -> None:
    """One parameter of each may come as a list, and the mapped task is a task of the same tenant."""
    *fixed, mapped = PARAMETERS[uses]
    values = {name: PARAMETERS[uses][name] for name in fixed}
    task = operators(uses).partial(task_id="task", **values).expand(**{mapped: [PARAMETERS[uses][mapped]]})
    DagSerialization.to_dict(dag)
    one = task.unmap({mapped: PARAMETERS[uses][mapped]})
    assert one.dag_id == "alpha.daily"
    assert type(one) is operators(uses)


def test_other_dag_is_known_to_airflow_by_its_whole_name(operators: Operators, dag: DAG) -> None:
    """The page of DAG dependencies shows the edge."""
    operators("dag.trigger")(task_id="t", trigger_dag_id="other")
    (edge,) = DagSerialization.to_dict(dag)["dag"]["dag_dependencies"]
    assert (edge["source"], edge["target"]) == ("alpha.daily", "alpha.other")


FORBIDDEN_MODULES = {"subprocess", "multiprocessing", "pty", "runpy", "importlib", "ctypes", "pickle"}
FORBIDDEN_CALLS = {"system", "popen", "fork", "posix_spawn", "eval", "exec", "compile", "__import__"}


def _names(tree: ast.AST) -> set[str]:
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    sources = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    return {name.partition(".")[0] for name in imported | sources}


def _called(tree: ast.AST) -> set[str]:
    functions = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return {one.attr if isinstance(one, ast.Attribute) else getattr(one, "id", "") for one in functions}


def _is_forbidden(name: str) -> bool:
    return name in FORBIDDEN_CALLS or name.startswith(("execv", "execl", "spawn"))


@pytest.mark.parametrize("folder", ["operators", "hooks", "triggers"])
def test_operators_start_no_process_of_their_own(repository: Path, folder: str) -> None:
    """Whatever runs, runs through the launcher."""
    for path in (repository / "common_plugins" / folder).rglob("*.py"):
        tree = ast.parse(path.read_text())
        assert not _names(tree) & FORBIDDEN_MODULES, path
        assert not list(filter(_is_forbidden, _called(tree))), path


RUNS_TENANTS = [name for name in EVERY if entry(name).runs_tenant_code or entry(name).runs_tenant_text]


@pytest.mark.parametrize("uses", RUNS_TENANTS)
def test_tenant_code_goes_through_the_launcher(operators: Operators, uses: str) -> None:
    """Each entry that runs the tenant's code or text has an operator that can; test_launcher_walk.py runs them."""
    from common_plugins.tenancy import LaunchingMixin

    operator = operators(uses)
    assert issubclass(operator, LaunchingMixin)
    assert operator.on_kill is LaunchingMixin.on_kill
