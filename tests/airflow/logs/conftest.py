"""A real S3 with roles, agents that lend them, and folders of logs as hosts have them."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import bucket_of_logs
import pytest
from aerodrome_airflow.logs import place
from aerodrome_airflow.logs.ledger import Ledger
from aerodrome_airflow.logs.sender import Bounds, Sender
from bucket_of_logs import LogBucket
from running_agent import running_agent

ZONES = ("onprem", "pii")
LOG = "queue=onprem/dag_id=routes.daily/run_id=manual__2026-01-31T00:00:00+00:00/task_id=load/attempt=1.log"


@pytest.fixture(scope="session")
def log_bucket() -> Iterator[LogBucket]:
    """A bucket with two zones' roles."""
    with bucket_of_logs.running("lab", ZONES) as found:
        yield found


@dataclass(frozen=True)
class Lending:
    """An agent of each zone that lends what sends logs; *sockets* by zone."""

    sockets: dict[str, Path]

    def store(self, bucket: LogBucket, zone: str) -> dict[str, Any]:
        """Return the store as the sender of logs of *zone* is told of it."""
        return {**bucket.place(zone), "kind": "s3", "agent_socket": str(self.sockets[zone])}


@pytest.fixture(scope="session")
def lending(log_bucket: LogBucket) -> Iterator[Lending]:
    """The agents of both zones."""
    from contextlib import ExitStack

    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lend-")))
        sockets = {}
        for zone in ZONES:
            config = _agent(folder, zone, log_bucket)
            sockets[zone], _ = stack.enter_context(running_agent(config, hurried=False))
        yield Lending(sockets)


def _agent(folder: Path, zone: str, bucket: LogBucket) -> Path:
    login = f"{zone}-login.json"
    said = {
        "socket": str(folder / zone),
        "environment": bucket.environment,
        "zone": zone,
        "tenants": [],
        "results": {"region": "eu-central-1", "number": "111122223333", "endpoint": bucket.endpoint},
        "logs": {**bucket.place(zone), "login_file": login},
    }
    for name, document in {f"{zone}.json": said, login: bucket.logins[zone]}.items():
        (folder / name).write_text(json.dumps(document))
        (folder / name).chmod(0o600)
    return folder / f"{zone}.json"


@dataclass
class Clock:
    """The time as a test says it."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Host:
    """A host's folder of logs and what sends them."""

    folder: Path
    store: Any
    ledger: Path
    clock: Clock = field(default_factory=Clock)
    bounds: Bounds = field(default_factory=lambda: Bounds(3600, 10**9))
    name: str = "hadoop1"

    def write(self, path: str, text: str, *, age: float = 60) -> Path:
        """Write to the log *path*, *age* seconds ago."""
        import os

        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        os.utime(file, (self.clock.now - age, self.clock.now - age))
        return file

    def sender(self) -> Sender:
        """Return a sender as it is after a new start."""
        return Sender((self.folder, self.name), self.store, Ledger(self.ledger), self.bounds, self.clock)


@pytest.fixture
def host(tmp_path: Path, lending: Lending, log_bucket: LogBucket) -> Host:
    """A host of zone onprem."""
    store = place.opened(lending.store(log_bucket, "onprem"))
    return Host(tmp_path / "tasks", store, tmp_path / "sent.sqlite")


@pytest.fixture
def cut_off(tmp_path: Path) -> Host:
    """A host whose store is away."""
    from aerodrome_airflow.logs.hdfs import HdfsLogs

    return Host(
        tmp_path / "tasks", HdfsLogs("http://127.0.0.1:9", "/logs", "worker"), tmp_path / "sent.sqlite"
    )
