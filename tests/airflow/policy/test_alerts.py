"""A failed run tells the central channel and the tenant's own, whatever goes wrong on the way."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

Received = tuple[str, list[dict[str, Any]]]


@pytest.fixture
def context(golden: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What Airflow hands to the callback of a failed run."""
    monkeypatch.setenv("AIRFLOW__AERODROME__ALERT_FOLDER", str(tmp_path / "alerts"))
    (tmp_path / "policy.json").write_text((golden / "expected" / "policy.json").read_text())
    dag = SimpleNamespace(dag_id="flights.daily", fileloc=str(tmp_path / "daily.py"))
    task = SimpleNamespace(task_id="load")
    return {
        "dag": dag,
        "run_id": "manual__1",
        "reason": "task_failure",
        "ti": task,
        "exception": "password=x",
    }


@pytest.fixture
def webhook() -> Iterator[Received]:
    """A server that keeps what it is sent."""
    received: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/", received
    server.shutdown()
    thread.join()
    server.server_close()


def lines(tmp_path: Path, name: str = "central.jsonl") -> list[dict[str, Any]]:
    """Return the alerts in a channel's file."""
    return [json.loads(line) for line in (tmp_path / "alerts" / name).read_text().splitlines()]


def send_to(tmp_path: Path, target: str) -> None:
    """Make *target* the address of the tenant's webhook."""
    file = tmp_path / "policy.json"
    file.write_text(file.read_text().replace("http://alerts.example.org/flights", target))


def test_both_channels_hear_of_a_failed_run(context: Any, tmp_path: Path, webhook: Received) -> None:
    """The same document, with names and nothing of the run's values."""
    from aerodrome_airflow.alerts import FailureAlert

    send_to(tmp_path, webhook[0])
    FailureAlert("central", "team")(context)
    (document,) = lines(tmp_path)
    assert webhook[1] == [document]
    assert (document["kind"], document["dag_id"], document["task_id"]) == ("failure", "flights.daily", "load")
    assert "password" not in json.dumps(document)


def test_the_same_failure_has_the_same_id(context: Any, tmp_path: Path) -> None:
    """Whoever reads the channel can tell a repetition; a timeout is another thing."""
    from aerodrome_airflow.alerts import FailureAlert

    for reason in ("task_failure", "task_failure", "timed_out"):
        FailureAlert("central")(context | {"reason": reason})
    first, second, third = lines(tmp_path)
    assert first["id"] == second["id"] != third["id"]
    assert third["kind"] == "timeout"


def test_a_channel_that_is_down_harms_nobody(context: Any, tmp_path: Path) -> None:
    """The other channel hears, and Airflow sees no exception."""
    from aerodrome_airflow.alerts import FailureAlert

    send_to(tmp_path, "http://127.0.0.1:9/")
    FailureAlert("central", "team")(context)
    assert len(lines(tmp_path)) == 1


@pytest.mark.parametrize(
    "broken",
    [{}, {"dag": None}, {"dag": SimpleNamespace(dag_id="x", fileloc="/nowhere/x.py"), "run_id": "1"}],
)
def test_a_context_without_what_is_needed_raises_nothing(broken: dict[str, Any]) -> None:
    """A callback never breaks Airflow."""
    from aerodrome_airflow.alerts import FailureAlert

    FailureAlert("central")(broken)


def test_a_file_channel_stays_below_its_folder(context: Any, tmp_path: Path) -> None:
    """A target with dots reaches no other file."""
    from aerodrome_airflow.alerts import FailureAlert

    file = tmp_path / "policy.json"
    file.write_text(file.read_text().replace("central.jsonl", "../escaped.jsonl"))
    FailureAlert("central")(context)
    assert not (tmp_path / "escaped.jsonl").exists()
