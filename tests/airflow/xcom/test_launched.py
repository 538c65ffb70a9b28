"""What a tenant's process returns goes to the store while the process makes it."""

from __future__ import annotations

import contextvars
import resource
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aerodrome_airflow.launcher.client import TenantCodeError
from aerodrome_airflow.xcom.backend import TenantXCom
from airflow.sdk import DAG
from airflow.sdk.bases.operator import ExecutorSafeguard

from common_plugins.operators.python_call import PythonCallOperator


@pytest.fixture
def call(configured: Path, launcher: Any, running: Any) -> Any:
    """Run a function as a task; gives what was returned and what was stored."""

    def run(function: str, **args: Any) -> tuple[Any, dict[str, Any]]:
        stored: dict[str, Any] = {}
        where = {"dag_id": "alpha.daily", "run_id": "r", "task_id": "t"}
        ti = SimpleNamespace(dag_id="alpha.daily", task_id="t", run_id="r", map_index=-1)
        ti.xcom_push = lambda key, value: stored.update(
            {key: TenantXCom.serialize_value(value, key=key, **where)}
        )
        with DAG("alpha.daily", schedule=None):
            task = PythonCallOperator(
                task_id="t", function=f"demo.jobs:{function}", args=args, runtime="0123456789abcdef"
            )
        inner = contextvars.copy_context()
        inner.run(ExecutorSafeguard.tracker.set, task)
        return inner.run(task.execute, {"ti": ti}), stored

    return run


def _content(row: Any, running: Any) -> Any:
    with running("alpha.daily"):
        return TenantXCom.deserialize_value(SimpleNamespace(value=row))


def test_json_is_returned_as_before(call: Any) -> None:
    """Nothing is stored by the operator itself."""
    assert call("echo", a=1) == ({"a": 1}, {})


def test_a_generator_is_stored_without_being_held(call: Any, running: Any) -> None:
    """30 MB through the worker's process, which grows by less than a third of it."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    returned, stored = call("pieces", count=480, fails=False)
    stream = _content(stored["return_value"], running)
    assert (returned, stream.size, stream.form) == (None, 480 * 65536, "bytes")
    assert sum(map(len, stream.pieces())) == stream.size
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 10_000


def test_a_file_is_stored_under_its_form(call: Any, running: Any, tmp_path: Path) -> None:
    """An empty one and a small one too."""
    for size in (0, 10, 5_000_000):
        stream = _content(call("file", size=size)[1]["return_value"], running)
        assert (stream.form, b"".join(stream.pieces())) == ("csv", b"x" * size)


def test_a_function_that_fails_in_the_middle_stores_nothing(call: Any, configured: Path) -> None:
    """Its error is the task's."""
    with pytest.raises(TenantCodeError, match="in the middle"):
        call("pieces", count=100, fails=True)
    assert not any(path.is_file() for path in configured.rglob("*"))


def test_an_endless_stream_ends_at_the_limit(call: Any, configured: Path) -> None:
    """With the process that makes it."""
    with pytest.raises(Exception, match="more than 40,000,000 bytes"):
        call("pieces", count=10**9, fails=False)
    assert not any(path.is_file() for path in configured.rglob("*"))
