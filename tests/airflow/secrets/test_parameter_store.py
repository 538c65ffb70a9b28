"""AWS Parameter Store: the same contract, each tenant read as its own role."""

from __future__ import annotations

import http.client
import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
from aerodrome import names
from moto.server import ThreadedMotoServer
from secrets_place import PLACE, Agent, agent_in_thread, settings

REGION, ACCOUNT = "eu-central-1", "123456789012"


class Front(ThreadingHTTPServer):
    """Hands requests on to AWS's double and counts them; answers *trouble*, an error code, itself."""

    daemon_threads = True

    def __init__(self, target: int) -> None:
        super().__init__(("127.0.0.1", 0), _Hands)
        self.target, self.trouble, self.seen = target, "", list[str]()
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()


class _Hands(BaseHTTPRequestHandler):
    server: Front

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        action = self.headers.get("X-Amz-Target", "").rpartition(".")[2] or "AssumeRole"
        self.server.seen.append(action)
        if self.server.trouble:
            return self._say(400, json.dumps({"__type": self.server.trouble}).encode())
        aws = http.client.HTTPConnection("127.0.0.1", self.server.target)
        aws.request("POST", self.path, content, dict(self.headers))
        answer = aws.getresponse()
        return self._say(answer.status, answer.read())

    def _say(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def aws() -> Iterator[int]:
    """The port of AWS's double, with parameters of two tenants."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    _, port = server.get_host_and_port()
    ssm = boto3.client("ssm", endpoint_url=f"http://127.0.0.1:{port}", region_name=REGION,
                       aws_access_key_id="k", aws_secret_access_key="s")  # fmt: skip
    for tenant in ("alpha", "beta"):
        value = json.dumps({"conn_type": "postgres", "password": f"{tenant}-from-aws"})
        name = f"/aerodrome/{names.connection_path(PLACE, tenant, 'db')}"
        ssm.put_parameter(Name=name, Value=value, Type="SecureString")
    name = f"/aerodrome/{names.global_variable_path(PLACE, 'region')}"
    ssm.put_parameter(Name=name, Value='{"value": "eu"}', Type="SecureString")
    ssm.put_parameter(
        Name=f"/aerodrome/{names.connection_path(PLACE, 'alpha', 'odd')}", Value="x", Type="String"
    )
    yield port
    server.stop()


@pytest.fixture
def front(aws: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Front]:
    """What counts the calls; the machine has credentials of its own."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "the-machines")
    made = Front(aws)
    yield made
    made.shutdown()
    made.server_close()


@contextmanager
def agent_of(folder: Path, front: Front, **more: Any) -> Iterator[Agent]:
    """Run an agent that reads Parameter Store."""
    endpoint = f"http://127.0.0.1:{front.server_port}"
    store = {"kind": "ssm", "region": REGION, "number": ACCOUNT, "endpoint": endpoint}
    with agent_in_thread(settings(folder, 0, store=store, **more)) as made:
        yield made


def test_a_tenant_is_read_as_its_own_role(front: Front, folder: Path) -> None:
    """By the exact name, decrypted; one call where the role is assumed already."""
    with agent_of(folder, front) as agent:
        assert [agent.password("db", tenant) for tenant in ("alpha", "beta", "alpha")] == [
            "alpha-from-aws", "beta-from-aws", "alpha-from-aws"
        ]  # fmt: skip
        assert agent.ask("region", kind="variable", shared=True).value == {"value": "eu"}
    assert front.seen == ["AssumeRole", "GetParameter", "AssumeRole", "GetParameter", "GetParameter"]
    from moto.sts.models import sts_backends

    roles = [role.role_arn for role in sts_backends[ACCOUNT]["aws"].assumed_roles]
    assert roles[-2:] == [
        f"arn:aws:iam::{ACCOUNT}:role/aerodrome/prod-eu/aerodrome-prod-eu.{tenant}"
        for tenant in ("alpha", "beta")
    ]


def test_what_is_not_there_is_missing(front: Front, folder: Path) -> None:
    """As in every store."""
    with agent_of(folder, front) as agent:
        assert agent.ask("nothing").outcome == "missing"


def test_what_is_no_document_harms_nobody_else(front: Front, folder: Path) -> None:
    """Its own reader is told, without its content; the store counts as well."""
    with agent_of(folder, front) as agent:
        assert "holds no JSON object" in agent.ask("odd").reason
        assert agent.password() == "alpha-from-aws"


@pytest.mark.parametrize(
    "trouble, outcome",
    [
        ("AccessDeniedException", "refused"),
        ("ThrottlingException", "unavailable"),
        ("InternalServerError", "unavailable"),
    ],
)
def test_errors_of_aws_mean_what_they_say(front: Front, folder: Path, trouble: str, outcome: str) -> None:
    """A refusal is final, the rest may pass."""
    with agent_of(folder, front) as agent:
        agent.ask("nothing")
        front.trouble = trouble
        assert agent.password() == outcome


def test_throttling_makes_calls_rare(front: Front, folder: Path) -> None:
    """Two seconds, four, eight …: ten calls in two minutes, while older values are used; then all is well."""
    with agent_of(folder, front) as agent:
        agent.ask("db")
        front.trouble, before = "ThrottlingException", len(front.seen)
        agent.time.now += 60
        found = set()
        for _ in range(120):
            found.add(agent.password())
            agent.time.now += 1
        assert found == {"alpha-from-aws"} and len(front.seen) - before < 10
        front.trouble = ""
        agent.time.now += 30
        assert agent.ask("db").age == 0


def test_a_session_that_has_ended_is_renewed(front: Front, folder: Path) -> None:
    """Where AWS ends it earlier than it said; the next one is assumed a minute before the end."""
    with agent_of(folder, front) as agent:
        agent.ask("db")
        front.trouble = "ExpiredTokenException"
        assert agent.ask("other").outcome == "unavailable"
        front.trouble = ""
        agent.time.now += 841
        assert agent.ask("db").age == 0
    assert front.seen.count("AssumeRole") >= 2
