"""A param's default is accepted exactly where Airflow takes it and hands it on as it was written."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SETTINGS = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.floats(-5, 5).map(lambda x: round(x, 1)),
    st.text("ab1.", max_size=4),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=6,
)
TYPES = st.sampled_from(["string", "integer", "number", "boolean", "array", "object", "null"])
PLAIN = {
    "type": TYPES | st.lists(TYPES, min_size=1, max_size=3, unique=True),
    "enum": st.lists(VALUES, min_size=1, max_size=3),
    "minimum": st.integers(-3, 0),
    "maximum": st.integers(0, 3) | st.just(1.5),
    "minLength": st.integers(0, 2),
    "maxLength": st.integers(2, 4),
    "format": st.sampled_from(["date", "date-time", "time", "email", "uri"]),
}
ITEMS = st.fixed_dictionaries({}, optional=PLAIN)
PATTERNS = st.sampled_from(["^[ab]+$", "a", "^a?1", r"\.", "^$"])
SCHEMAS = st.fixed_dictionaries({}, optional={**PLAIN, "items": ITEMS, "pattern": PATTERNS})


def manifest(param: Any) -> str:
    """Return a manifest with one param."""
    task = {"id": "a", "uses": "flow.empty"}
    return json.dumps({"dag_id": "sample", "params": {"x": param}, "tasks": [task]})


def problems(workspace: Any, param: Any) -> list[str]:
    """Return what the loader says about a manifest with this param."""
    workspace.add_dag(manifest(param), "sample.json")
    return [str(problem) for problem in workspace.load()[2]]


@given(value=VALUES)
@SETTINGS
def test_a_default_is_refused_exactly_where_airflow_would_change_it(workspace: Any, value: Any) -> None:
    """The API and the scheduler have what was read back from the database; the real serializer says what that is."""
    from airflow.sdk import DAG, Param
    from airflow.serialization.serialized_objects import DagSerialization

    stored = json.dumps(DagSerialization.to_dict(DAG("x", schedule=None, params={"x": Param(value)})))
    survives = DagSerialization.from_dict(json.loads(stored)).params["x"] == value
    found = problems(workspace, {"default": value})
    assert survives is (found == []), found
    assert all(problem.startswith("tenants/flights/dags/sample.json:1:") for problem in found)


@given(schema=SCHEMAS, value=VALUES)
@SETTINGS
def test_a_default_is_refused_exactly_where_a_run_would_be(workspace: Any, schema: Any, value: Any) -> None:
    """Airflow checks a param when a run is made: a default that does not meet it would fail each run."""
    from airflow.sdk import Param
    from airflow.sdk.exceptions import ParamValidationError

    found = problems(workspace, {**schema, "default": value})
    told = [problem for problem in found if "when Airflow stores it" not in problem]
    try:
        Param(value, **schema).resolve()
    except ParamValidationError:
        assert told
    else:
        assert told == []


@pytest.mark.parametrize("value", ["[1, {a: 1}]", "[[{a: 1}]]", "[{a: 1}, [1]]"])
def test_a_plain_default_is_looked_at_as_well(workspace: Any, value: str) -> None:
    """The short form of a param has no key `default`."""
    workspace.add_dag(f"dag_id: sample\nparams:\n  x: {value}\ntasks: [{{id: a, uses: flow.empty}}]\n")
    (problem,) = workspace.load()[2]
    assert (problem.line, problem.column, problem.field) == (3, 6, "params.x")
    assert "is changed when Airflow stores it" in problem.message and problem.remedy
