"""What one task hands to another stays JSON: Airflow would make live objects of some of it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from aerodrome.render.airflow_options import NO_CLASS
from aerodrome_airflow.launcher.client import TenantCodeError
from aerodrome_airflow.results import MarkedError, refuse_marks

RUNTIME = "0123456789abcdef"
CONNECTION = {"__type": "airflow.sdk.definitions.connection.Connection", "__var": {"conn_id": "x"}}
HOSTILE = [
    CONNECTION,
    {"deep": [{"x": CONNECTION}]},
    {"__classname__": "a.B", "__version__": 1},
    {"__id__": "x"},
]
# What a worker does with results, in its configuration.
READ = """
import datetime, pendulum, sys
from decimal import Decimal
from airflow.sdk.serde import deserialize, serialize
moment = datetime.datetime.now(datetime.UTC)
values = [pendulum.now("Europe/Berlin"), moment, moment.date(), datetime.timedelta(1), Decimal("1.5")]
values += [(1, 2), {1, 2}, {"a": [moment, None, True, 1.5, "x"]}]
assert all(deserialize(serialize(value)) == value for value in values)
print("whole")
try:
    print(type(deserialize(eval(sys.argv[1]))))
except ImportError as problem:
    print(problem)
"""


@pytest.mark.parametrize("value", HOSTILE)
def test_functions_result_with_airflows_marks_is_refused(run: Any, launcher: Any, value: Any) -> None:
    """Anywhere in it, and with the key's name."""
    with pytest.raises(TenantCodeError, match="by which Airflow marks objects of its own: rename it"):
        run("python.call", function="demo.jobs:echo", args={"x": value}, runtime=RUNTIME)


COLUMNS = """SELECT 'airflow.sdk.definitions.connection.Connection' AS "__type", '{}'::json AS "__var" """
VALUE = """SELECT '{"a": [{"__classname__": "x", "__version__": 1}]}'::json AS x"""


@pytest.mark.parametrize(("sql", "result"), [(COLUMNS, "rows"), (VALUE, "rows"), (VALUE, "column")])
def test_rows_with_airflows_marks_are_refused(run: Any, warehouse: Any, sql: str, result: str) -> None:
    """Whether a column is called so or a JSON value has such a key."""
    with pytest.raises(MarkedError):
        run("sql.query", connection="warehouse", sql=sql, result=result)


@pytest.fixture
def hostile_service(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A service whose answers are objects of Airflow's."""

    class Hostile(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'[{"__type": "airflow.sdk.definitions.connection.Connection", "__var": {}}]')

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hostile)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("AIRFLOW_CONN_ALPHA.API", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    yield
    server.shutdown()
    server.server_close()


def test_response_with_airflows_marks_is_refused(run: Any, hostile_service: None) -> None:
    """As text it may be handed on: text stays text."""
    with pytest.raises(MarkedError):
        run("http.request", connection="api", response="json")
    assert "__type" in run("http.request", connection="api")


def test_other_keys_with_underscores_are_the_authors() -> None:
    """Only those that Airflow reads are taken from them; no depth is too much."""
    nested: Any = {"__version__": 1, "__data__": 2, "_id": 3}
    for _ in range(100_000):
        nested = [nested]
    refuse_marks(nested)


def test_worker_reads_times_and_numbers_and_makes_no_object_of_airflows_own() -> None:
    """Were such a result stored by another way, reading it would fail the task."""
    environment = {**os.environ, "AIRFLOW__CORE__ALLOWED_DESERIALIZATION_CLASSES": NO_CLASS}
    command = [sys.executable, "-c", READ, repr(CONNECTION)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60)
    whole, refused = done.stdout.splitlines()[-2:]
    assert whole == "whole"
    assert "was not found in allow list" in refused
