"""`http.request` against a real HTTP server."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowException


class Echo(BaseHTTPRequestHandler):
    """Answers with what it was asked; the path says how."""

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        told = {"method": self.command, "path": self.path, "body": body, "headers": dict(self.headers)}
        status = int(self.path.rpartition("status/")[2] or 200) if "status/" in self.path else 200
        content = b"x" * 2**21 if "large" in self.path else json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = answer  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A service that tenant alpha knows as `api`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("AIRFLOW_CONN_ALPHA.API", f"http://me:secret@127.0.0.1:{server.server_port}")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    yield
    server.shutdown()
    server.server_close()


def ask(run: Any, **parameters: Any) -> Any:
    """Return the service's JSON."""
    return run("http.request", connection="api", response="json", **parameters)


def test_get_sends_query_headers_and_credentials(run: Any, service: None) -> None:
    """Templates are rendered in all of them."""
    told = ask(run, endpoint="/days/{{ ds }}", data={"day": "{{ ds }}"}, headers={"X-Day": "{{ ds }}"})
    assert told["path"] == "/days/2024-01-31?day=2024-01-31"
    assert told["headers"]["X-Day"] == "2024-01-31"
    assert told["headers"]["Authorization"].startswith("Basic ")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_json_body_is_sent(run: Any, service: None, method: str) -> None:
    """As JSON, with its content type."""
    told = ask(run, method=method, json_body={"day": ["{{ ds }}"]})
    assert (told["method"], json.loads(told["body"])) == (method, {"day": ["2024-01-31"]})
    assert told["headers"]["Content-Type"] == "application/json"


def test_form_and_text_are_sent(run: Any, service: None) -> None:
    """An object as a form, a text as it is."""
    assert ask(run, method="POST", data={"a": "1 2"})["body"] == "a=1+2"
    assert ask(run, method="POST", data="raw")["body"] == "raw"


def test_response_has_the_form_that_the_task_asks_for(run: Any, service: None) -> None:
    """Text by default, nothing where nothing is wanted."""
    assert json.loads(run("http.request", connection="api"))["method"] == "GET"
    assert run("http.request", connection="api", endpoint="large", response="none") is None
    assert run("http.request", connection="api", method="HEAD") == ""


def test_unwanted_status_fails_with_the_services_words(run: Any, service: None) -> None:
    """The error carries the status and the beginning of the body."""
    with pytest.raises(AirflowException, match=r'the service answered 404 Not Found: \{"method": "GET"'):
        ask(run, endpoint="status/404")
    with pytest.raises(AirflowException, match="answered 200 OK"):
        ask(run, expect_status=[201, 204])


def test_wanted_status_passes(run: Any, service: None) -> None:
    """An error may be what the task expects."""
    assert ask(run, endpoint="status/404", expect_status=[404])["path"] == "/status/404"


def test_large_response_fails_with_a_text(run: Any, service: None) -> None:
    """It is not handed to later tasks."""
    with pytest.raises(AirflowException, match="more than 1,048,576 bytes"):
        run("http.request", connection="api", endpoint="large")
    with pytest.raises(AirflowException, match="not JSON"):
        run("http.request", connection="api", method="HEAD", response="json")
