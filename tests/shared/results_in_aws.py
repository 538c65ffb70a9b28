"""Large results in S3 (moto, in this process), with IAM roles as a deploy makes them and agents that lend them."""

from __future__ import annotations

import json
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from aerodrome import names
from aerodrome.environment import Environment
from aerodrome.manifest.tenant import TenantManifest
from aerodrome.targets.iam import IamTarget, results_target
from aerodrome_airflow.secrets.client import AgentClient
from aerodrome_airflow.secrets.protocol import RESULTS, Lookup
from aerodrome_airflow.xcom.bucket import Bucket, BucketStores
from aws_double import running_double
from moto import settings
from running_agent import Time, running_agent

PLACE, REGION, ACCOUNT = "prod-s3", "eu-central-1", "123456789012"
AGENT_ROLE = f"arn:aws:iam::{ACCOUNT}:role/airflow-{{zone}}"
ZONE = "default"
_OWNERS = [{"name": "Team", "email": "team@example.org"}]
_TENANT = TenantManifest.model_validate({"owners": _OWNERS, "queues": ["default"]})
TENANTS = {"alpha": _TENANT, "beta": _TENANT}
DEPLOYER = {"access_key": "the-deployers-key", "secret_key": "the-deployers-secret"}


@dataclass(frozen=True)
class ResultsInAws:
    """Two tenants' results in one bucket; *sockets* and *clocks* are those of the agents, by zone."""

    endpoint: str
    environment: Environment
    sockets: dict[str, Path]
    clocks: dict[str, Time]

    @property
    def bucket(self) -> Bucket:
        """Where the results are, as a worker is told."""
        s3 = self.environment.results.s3
        assert s3 is not None
        return Bucket(s3.bucket, f"{s3.prefix}/", s3.region, self.endpoint)

    @property
    def target(self) -> IamTarget:
        """What a deploy keeps of the roles."""
        return results_target(self.environment, TENANTS)

    def stores(self, zone: str = ZONE, patience: float = 2, **more: Any) -> BucketStores:
        """Return the stores as a process that asks the agent of *zone* reaches them."""
        return BucketStores(self.bucket, AgentClient(self.sockets[zone], patience), **more)

    def as_deployer(self, service: str = "s3") -> Any:
        """Return a client that may do everything while nothing is enforced."""
        return client(service, self.endpoint, *DEPLOYER.values())

    def lent(self, tenant: str) -> dict[str, str]:
        """Return what a task of *tenant* is lent."""
        answer = AgentClient(self.sockets[ZONE], 2).ask(Lookup(tenant, RESULTS, "credentials"))
        assert answer.value is not None, answer.reason
        return {name: str(text) for name, text in answer.value.items()}

    def as_tenant(self, tenant: str) -> Any:
        """Return a client of S3 with what a task of *tenant* is lent, and with nothing of ours around it."""
        lent = self.lent(tenant)
        return client("s3", self.endpoint, lent["access_key"], lent["secret_key"], lent["token"])

    def put(self, tenant: str, name: str, content: bytes = b"content") -> str:
        """Put an object of *tenant* into the bucket and return its whole key."""
        key = f"{self.bucket.base}{PLACE}/{tenant}/daily/run/load/-1/{name}-{'0' * 32}"
        self.as_deployer().put_object(Bucket=self.bucket.name, Key=key, Body=content)
        return key

    @contextmanager
    def enforcing(self) -> Iterator[None]:
        """Let S3 give nothing that the role of who asks may not have; STS is to be asked before.

        The double does not know that the session of a role is one of the principals that a trust names.
        """
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(settings, "INITIAL_NO_AUTH_ACTION_COUNT", 0)
            yield


def client(service: str, endpoint: str, *keys: str) -> Any:
    """Return a client of the double with access key, secret and token *keys*."""
    named = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
    return boto3.client(
        service, endpoint_url=endpoint, region_name=REGION, **dict(zip(named, keys, strict=False))
    )  # type: ignore[call-overload]


def environment(endpoint: str, **results: Any) -> Environment:
    """Return an environment whose large results go to S3."""
    s3 = {"bucket": "of-nobody", "region": REGION, "agent_role": AGENT_ROLE, "endpoint": endpoint, **results}
    return Environment.model_validate(
        {
            "name": PLACE,
            "kind": "local",
            "zones": {ZONE: {}},
            "queues": {"default": {"zone": ZONE}},
            "alert_channels": {"central": {"type": "file", "target": "central.jsonl"}},
            "results": {"kind": "s3", "s3": s3},
        }
    )


@contextmanager
def agent_of(folder: Path, zone: str, endpoint: str, *, hurried: bool = True) -> Iterator[tuple[Path, Time]]:
    """Run an agent that lends roles and knows no secrets; yield its socket and its clock."""
    account = {
        "region": REGION,
        "number": ACCOUNT,
        "endpoint": endpoint,
        "agent_role": AGENT_ROLE.format(zone=zone),
        "login_file": "login.json",
    }
    said = {"socket": str(folder / zone), "environment": PLACE, "zone": zone, "results": account}
    for name, document in {f"{zone}.json": said, "login.json": DEPLOYER}.items():
        (folder / name).write_text(json.dumps(document))
        (folder / name).chmod(0o600)
    with running_agent(folder / f"{zone}.json", hurried=hurried) as found:
        yield found


@contextmanager
def running() -> Iterator[ResultsInAws]:
    """Run the double with an empty bucket, the roles of two tenants, and an agent for tasks and for the collector."""
    with ExitStack() as stack:
        endpoint = stack.enter_context(running_double())
        # The double keeps one account for this whole process: another bucket for each run.
        made = environment(endpoint, bucket=f"results-{uuid.uuid4().hex}")
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="s3-")))
        sockets, clocks = {}, {}
        for zone in (ZONE, names.COLLECTOR):
            sockets[zone], clocks[zone] = stack.enter_context(agent_of(folder, zone, endpoint))
        found = ResultsInAws(endpoint, made, sockets, clocks)
        place = {"LocationConstraint": REGION}
        found.as_deployer().create_bucket(Bucket=found.bucket.name, CreateBucketConfiguration=place)
        with deploying():
            found.target.apply((), lambda _: None)
        yield found
        with deploying():
            for role in found.target.roles.read():
                found.target.roles.delete(role)


@contextmanager
def deploying() -> Iterator[None]:
    """Be who deploys: with credentials where the tools of AWS look for them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", DEPLOYER["access_key"])
        patch.setenv("AWS_SECRET_ACCESS_KEY", DEPLOYER["secret_key"])
        for name in ("HTTP_PROXY", "http_proxy", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
            patch.delenv(name, raising=False)
        patch.setenv("NO_PROXY", "127.0.0.1")
        yield
