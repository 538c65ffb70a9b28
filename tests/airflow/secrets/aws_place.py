"""AWS's double with parameters of two tenants, and what stands before it: it counts calls, or refuses them."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs

import boto3
from aerodrome import names
from aws_double import running_double
from secrets_place import PLACE, Agent, agent_in_thread, settings

REGION, ACCOUNT = "eu-central-1", "123456789012"
ROLE = "arn:aws:iam::123456789012:role/team/read-landing"
NAMES_ROLE = {
    "conn_type": "aws",
    "login": None,
    "password": None,
    "extra": {"region_name": REGION, "role_arn": ROLE},
}
"""A connection that names a role."""


class Assumed(NamedTuple):
    """A role that somebody became: by which call, showing which token of a pod, and whether with a key of AWS."""

    call: str
    role: str
    token: str
    signed: bool


class Front(ThreadingHTTPServer):
    """Hands requests on to AWS's double and counts them; answers *trouble*, an error code, itself.

    Where *troubled* says something, only requests that hold it get that answer.
    """

    daemon_threads = True

    def __init__(self, target: int) -> None:
        super().__init__(("127.0.0.1", 0), _Hands)
        self.target, self.trouble, self.troubled, self.seen = target, "", "", list[str]()
        self.assumed: list[Assumed] = []
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"


class _Hands(BaseHTTPRequestHandler):
    server: Front

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.seen.append(self._noted(content))
        if self.server.trouble and self.server.troubled.encode() in content:
            return self._refuse(self.server.trouble)
        aws = http.client.HTTPConnection("127.0.0.1", self.server.target)
        aws.request("POST", self.path, content, dict(self.headers))
        answer = aws.getresponse()
        return self._say(answer.status, answer.read())

    def _noted(self, content: bytes) -> str:
        if target := self.headers.get("X-Amz-Target"):
            return target.rpartition(".")[2]
        said = {key: values[0] for key, values in parse_qs(content.decode()).items()}
        token, signed = said.get("WebIdentityToken", ""), "Authorization" in self.headers
        self.server.assumed.append(Assumed(said["Action"], said["RoleArn"], token, signed))
        return said["Action"]

    def _refuse(self, code: str) -> None:
        if "X-Amz-Target" in self.headers:
            return self._say(400, json.dumps({"__type": code}).encode())
        text = f"<ErrorResponse><Error><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>"
        return self._say(403, text.encode())

    def _say(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def filled() -> Iterator[int]:
    """Run AWS's double and give its port."""
    with running_double() as endpoint:
        port = int(endpoint.rpartition(":")[2])
        ssm = _writer(port)
        for tenant in ("alpha", "beta"):
            put_password(port, tenant, f"{tenant}-from-aws")
        name = f"/aerodrome/{names.global_variable_path(PLACE, 'region')}"
        ssm.put_parameter(Name=name, Value='{"value": "eu"}', Type="SecureString")
        odd = f"/aerodrome/{names.connection_path(PLACE, 'alpha', 'odd')}"
        ssm.put_parameter(Name=odd, Value="x", Type="String")
        yield port


def put_password(port: int, tenant: str, password: str, connection: str = "db") -> None:
    """Write a connection of *tenant* into AWS's double at *port*, in the place of an earlier one."""
    put_connection(port, tenant, connection, {"conn_type": "postgres", "password": password})


def put_connection(port: int, tenant: str, connection: str, value: Mapping[str, Any]) -> None:
    """Write the connection *value* of *tenant*, or with `global` of all, into AWS's double at *port*."""
    name = f"/aerodrome/{names.connection_path(PLACE, tenant, connection)}"
    _writer(port).put_parameter(Name=name, Value=json.dumps(value), Type="SecureString", Overwrite=True)


def _writer(port: int) -> Any:
    return boto3.client("ssm", endpoint_url=f"http://127.0.0.1:{port}", region_name=REGION,
                        aws_access_key_id="k", aws_secret_access_key="s")  # fmt: skip


@contextmanager
def agent_of(
    folder: Path, front: Front, account: Mapping[str, Any] | None = None, **more: Any
) -> Iterator[Agent]:
    """Run an agent that reads Parameter Store, and in its pod knows *account*, too."""
    store = {
        "kind": "ssm",
        "region": REGION,
        "number": ACCOUNT,
        "endpoint": front.address,
        **(account or {}),
    }
    with agent_in_thread(settings(folder, 0, store=store, **more)) as made:
        yield made


def role_of_secrets(tenant: str) -> str:
    """Return the ARN of the role that reads a tenant's parameters."""
    return f"arn:aws:iam::{ACCOUNT}:role/aerodrome/prod-eu/aerodrome-prod-eu.{tenant}"


def role_of_results(tenant: str) -> str:
    """Return the ARN of the role that reaches a tenant's large results."""
    return f"arn:aws:iam::{ACCOUNT}:role/aerodrome-results/prod-eu/results-prod-eu.{tenant}"
