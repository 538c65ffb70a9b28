"""What a tenant's process returns goes to the store while the process makes it."""

from __future__ import annotations

import contextvars
import hashlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas
import pytest
from aerodrome_airflow.launcher.client import TenantCodeError
from aerodrome_airflow.xcom.backend import TenantXCom
from aerodrome_airflow.xcom.errors import DamagedError, RefusedError
from airflow.sdk import DAG
from airflow.sdk.bases.operator import ExecutorSafeguard
from own_memory import frugal

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


def _stored_and_read(call: Any, running: Any, count: int) -> None:
    returned, stored = call("pieces", count=count, fails=False)
    stream = _content(stored["return_value"], running)
    assert (returned, stream.size, stream.form) == (None, count * 65536, "bytes")
    assert sum(map(len, stream.pieces())) == stream.size


def test_a_generator_is_stored_without_being_held(call: Any, running: Any) -> None:
    """80 MB through the worker's process, which needs hardly more for them than for 16 MB."""
    # The first one fills buffers, windows and arenas of threads that stay.
    _stored_and_read(call, running, 250)
    with frugal(10):
        _stored_and_read(call, running, 1250)


def test_a_stored_stream_is_a_file_to_a_later_function(call: Any, running: Any) -> None:
    """Large and small, also within other values; the worker's process holds none of it."""
    large = _content(call("pieces", count=1250, fails=False)[1]["return_value"], running)
    small = _content(call("file", size=10)[1]["return_value"], running)
    with running("alpha.daily"):
        whole = hashlib.sha256()
        for piece in large.pieces():
            whole.update(piece)
        with frugal(20):
            found, _ = call("digests", table=large, nested={"deep": [small, b"raw"]})
    assert found == [
        ["PosixPath", "argument-0.bytes", whole.hexdigest()],
        ["PosixPath", "argument-1.csv", hashlib.sha256(b"x" * 10).hexdigest()],
        ["PosixPath", "argument-2.bytes", hashlib.sha256(b"raw").hexdigest()],
    ]


def test_a_function_is_not_called_with_half_of_a_stream(call: Any, configured: Path, running: Any) -> None:
    """What was changed in the store ends the task before; so does a function that reads nothing of it."""
    stream = _content(call("pieces", count=80, fails=False)[1]["return_value"], running)
    with running("alpha.daily"), pytest.raises(TenantCodeError, match="do not fit"):
        call("echo_nothing", table=stream)
    (file,) = (path for path in configured.rglob("*") if path.is_file())
    file.write_bytes(file.read_bytes()[:-1])
    with running("alpha.daily"), pytest.raises(DamagedError, match="something else"):
        call("digests", table=stream)


def test_a_table_as_an_argument_is_refused(call: Any) -> None:
    """With a word about what to do."""
    with pytest.raises(RefusedError, match=r"the argument a\.1 is a table"):
        call("echo", a=[1, pandas.DataFrame({"x": [1]})])


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
    with pytest.raises(Exception, match="more than 90,000,000 bytes"):
        call("pieces", count=10**9, fails=False)
    assert not any(path.is_file() for path in configured.rglob("*"))
