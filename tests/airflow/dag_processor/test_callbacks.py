"""Callbacks of failed runs are called in processes of their own, each request once, none forgotten."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from airflow.callbacks.callback_requests import DagCallbackRequest
from airflow.models.db_callback_request import DbCallbackRequest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

HANGS = """
import time
from airflow.sdk import DAG
from common_plugins.operators.flow_empty import FlowEmptyOperator

def hang(context):
    while True:
        try:
            time.sleep(60)
        except BaseException:
            pass

with DAG("platform.hangs", schedule=None, on_failure_callback=hang):
    FlowEmptyOperator(task_id="nothing")
"""


class Channel(ThreadingHTTPServer):
    """A webhook that answers only when it is let."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.received: list[str] = []
        self.open = threading.Event()


class Handler(BaseHTTPRequestHandler):
    """Notes the run that an alert is about."""

    server: Channel

    def do_POST(self) -> None:
        """Take an alert."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.received.append(body["run_id"])
        self.server.open.wait(20)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def channel() -> Iterator[Channel]:
    """A webhook."""
    server = Channel()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.open.set()
    server.shutdown()


@pytest.fixture(scope="module")
def called(processor: Any, channel: Channel) -> Any:
    """Return a function that asks for the callback of a failed run, as the scheduler does."""
    limits = processor.folder / "repository/beta/policy.json"
    address = f"http://127.0.0.1:{channel.server_port}"
    limits.write_text(limits.read_text().replace("http://alerts.example.org", address))
    files = {"beta": {"called": processor.text("beta", "called")}, "platform": {"hangs": HANGS}}
    version = processor.publish(**files)
    processor.wait(lambda: len(processor.dags()) == 2)
    parameters = processor.connection.info
    uri = f"postgresql+psycopg://tester:{parameters.password}@127.0.0.1:{parameters.port}/processor"
    engine = create_engine(uri)

    def called(dag_id: str, run_id: str) -> None:
        tenant, _, name = dag_id.partition(".")
        request = DagCallbackRequest(
            filepath=f"{tenant}/{name}.py", dag_id=dag_id, run_id=run_id, bundle_name="tenants",
            bundle_version=version, msg="task_failure",
        )  # fmt: skip
        with Session(engine) as session, session.begin():
            session.add(DbCallbackRequest(priority_weight=1, callback=request))

    yield called
    processor.publish(beta={"called": None}, platform={"hangs": None})
    processor.wait(lambda: not processor.dags())


def alerts(processor: Any) -> list[str]:
    """Return the runs that the central channel was told of."""
    path = processor.folder / "alerts/central.jsonl"
    return [json.loads(line)["run_id"] for line in path.read_text().splitlines()] if path.exists() else []


def test_a_request_during_another_of_the_same_dag_is_not_lost(
    processor: Any, called: Any, channel: Channel
) -> None:
    """It waits until the first has ended, and the file is not parsed again for either."""
    before = processor.parsed("beta.called")
    called("beta.called", "first")
    processor.wait(lambda: channel.received == ["first"])
    called("beta.called", "second")
    processor.wait(lambda: not processor.query("SELECT id FROM callback"))
    time.sleep(1.5)
    channel.open.set()
    processor.wait(lambda: len(channel.received) == 2)
    assert channel.received == alerts(processor) == ["first", "second"]
    assert processor.parsed("beta.called") == before


def test_a_callback_that_hangs_is_ended_and_harms_no_dag(
    processor: Any, called: Any, channel: Channel
) -> None:
    """Neither its own, whose file is fine, nor another's alert."""
    channel.open.set()
    called("platform.hangs", "lost")
    called("beta.called", "third")
    processor.wait(lambda: "third" in channel.received)
    time.sleep(5)
    assert channel.received[-1] == "third"
    assert (processor.errors(), processor.dags()) == ({}, {"beta.called", "platform.hangs"})
