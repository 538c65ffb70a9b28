"""A bucket for task logs of pods: SeaweedFS with the roles that a deploy makes in AWS, for tokens of one cluster."""

from __future__ import annotations

import json
import secrets
import threading
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import bucket_of_logs
import seaweedfs
from aerodrome import names
from aerodrome.clients.aws import Role
from aerodrome.environment import Environment
from aerodrome.iam_settings import IamSettings
from aerodrome.secrets import logs_iam
from aerodrome.secrets.usable import Tenants
from bucket_of_logs import ACCOUNT, BUCKET, OWNER, PREFIX, REGION

ROLES = f"arn:aws:iam::{ACCOUNT}:role/"
"""What the ARNs of its roles begin with: it knows no paths."""
PROVIDER = "cluster"
EKS = {"name": "test", "region": REGION, "account": ACCOUNT}


def settings(endpoint: str) -> dict[str, Any]:
    """Return `logs` of an environment whose pods send to it."""
    place = {"bucket": BUCKET, "prefix": PREFIX, "region": REGION, "endpoint": endpoint}
    return {"kind": "s3", "s3": {**place, "roles": ROLES}}


def roles(environment: Environment, tenants: Tenants, issuer: str) -> dict[str, Role]:
    """Return the roles that a deploy would make for *environment*, were it in AWS."""
    place = {key: value for key, value in settings("")["s3"].items() if key not in ("roles", "endpoint")}
    said = environment.model_dump(exclude={"logs", "cluster", "aws"}) | {
        "logs": {"kind": "s3", "s3": place},
        "cluster": {"namespace": environment.cluster.namespace, "release": environment.cluster.release,
                    "oidc_issuer": issuer, "eks": EKS},
        "aws": IamSettings(manage_iam=True).model_dump(),
    }  # fmt: skip
    return logs_iam.desired(Environment.model_validate(said), tenants)


@dataclass(frozen=True)
class PodsBucket:
    """A running server; *login*: of who made the bucket. *authority*: a file, where the endpoint is https."""

    endpoint: str
    environment: str
    login: Mapping[str, str] = field(repr=False)
    authority: str | None = None

    def objects(self) -> dict[str, bytes]:
        """Return key below the environment's folder → content."""
        s3, base = self.client(self.login), f"{PREFIX}/{self.environment}/"
        found = s3.list_objects_v2(Bucket=BUCKET, Prefix=base).get("Contents", ())
        keys = [item["Key"] for item in found]
        return {key.removeprefix(base): s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in keys}

    def client(self, keys: Mapping[str, str], service: str = "s3") -> Any:
        """Return a client as who has *keys*."""
        return bucket_of_logs.client(self.endpoint, keys, service, verify=self.authority)

    def store(self, zone: str, role: str, token: Path) -> dict[str, Any]:
        """Return the store as the chart tells it to what sends logs of *zone* by *role*."""
        base = f"{PREFIX}/{self.environment}/{zone}/" if zone else f"{PREFIX}/{self.environment}/"
        place = {"kind": "s3", "bucket": BUCKET, "base": base, "region": REGION, "endpoint": self.endpoint}
        return {**place, "ca_file": self.authority, "role": ROLES + role, "token_file": str(token)}


@dataclass(frozen=True)
class Believed:
    """A cluster that calls itself *issuer*, and its public *keys* as JWKS."""

    issuer: str
    keys: str


@contextmanager
def running(
    environment: str,
    known: Mapping[str, Role],
    cluster: Believed,
    tls: Mapping[str, str] | None = None,
    address: str = "127.0.0.1",
) -> Iterator[PodsBucket]:
    """Run a server at *address* with the roles *known*, which believes *cluster*; nothing of it is left.

    *tls*: name → text of server.pem, server.key and authority.pem, else plain HTTP.
    """
    login = {"access_key": f"owner-{secrets.token_hex(4)}", "secret_key": secrets.token_hex(20)}
    options: tuple[str, ...] = (
        "-s3.config",
        "s3.json",
        "-s3.iam.config",
        "iam.json",
        "-s3.iam.readOnly=true",
    )
    options += ("-master.volumeSizeLimitMB", "64", "-volume.max", "20", f"-s3.ip.bind={address}")
    if tls:
        options += ("-s3.cert.file=server.pem", "-s3.key.file=server.key")

    def opened(endpoint: str, folder: Path) -> PodsBucket:
        found = PodsBucket(endpoint, environment, login, str(folder / "authority.pem") if tls else None)
        found.client(login).create_bucket(Bucket=BUCKET)
        return found

    with _served(cluster.keys) as place:
        files = {"s3.json": _users(login), "iam.json": _rights(known, cluster.issuer, place), **(tls or {})}
        url = f"{'https' if tls else 'http'}://{address}"
        with seaweedfs.running_in(files, options, opened, url) as found:
            yield found


def _users(login: Mapping[str, str]) -> str:
    keys = {"accessKey": login["access_key"], "secretKey": login["secret_key"]}
    return json.dumps({"identities": [{"name": OWNER, "credentials": [keys], "actions": ["Admin"]}]})


def _rights(known: Mapping[str, Role], issuer: str, place: str) -> str:
    config = {"issuer": issuer, "clientId": names.LOGS_AUDIENCE, "jwksUri": place}
    sts = {
        "tokenDuration": "15m",
        "maxSessionLength": "1h",
        "issuer": "logs",
        "signingKey": b64encode(secrets.token_bytes(32)).decode(),
        "accountId": ACCOUNT,
    }
    return json.dumps(
        {
            "sts": sts,
            "policy": {"defaultEffect": "Deny", "storeType": "memory"},
            "providers": [{"name": PROVIDER, "type": "oidc", "enabled": True, "config": config}],
            "roles": [_role(name, role) for name, role in known.items()],
            "policies": [{"name": name, "document": role.policy} for name, role in known.items()],
        }
    )


def _role(name: str, role: Role) -> dict[str, Any]:
    (trusted,) = role.trust["Statement"]
    said = trusted["Condition"]["StringEquals"]
    # Its own words for whom it is that a token names; that a token is for logs it looks at with all of them.
    (subjects,) = (value for key, value in said.items() if key.endswith(":sub"))
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": PROVIDER},
        "Action": trusted["Action"],
        "Condition": {"StringEquals": {"oidc:sub": subjects}},
    }
    return {
        "roleName": name,
        "roleArn": ROLES + name,
        "trustPolicy": {"Version": "2012-10-17", "Statement": [statement]},
        "attachedPolicies": [name],
    }


@contextmanager
def _served(text: str) -> Iterator[str]:
    """Serve *text* on loopback, as an API server serves the keys of its tokens."""

    class Keys(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Keys)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/openid/v1/jwks"
    finally:
        server.shutdown()
        server.server_close()
