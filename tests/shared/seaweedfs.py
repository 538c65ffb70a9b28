"""SeaweedFS on this machine for tests: an S3 server of their own."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from free_ports import free_ports

START_SECONDS = 120
ATTEMPTS = 5
REGION = "us-east-1"
Opened = TypeVar("Opened")
_PARTS = ("s3", "master", "volume", "filer")
# Its catalogues of tables listen on ports of their own (8181, 9101) unless told not to: two servers would not stand
# side by side.
_NO_CATALOGUES = ("-s3.port.iceberg=0", "-s3.port.lance=0")
_LOCAL = ("-ip", "127.0.0.1", "-ip.bind", "127.0.0.1", "-master.telemetry=false", "-s3", *_NO_CATALOGUES)


@dataclass(frozen=True)
class Login:
    """Who may do everything at a server."""

    access: str
    secret: str


def command(program: str, data: str, *more: str) -> tuple[str, ...]:
    """Return how a server of this machine alone is started, with its *data* in that folder."""
    return (program, "server", "-dir", data, *_LOCAL, *more)


@contextmanager
def running(
    files: Mapping[str, str], options: Sequence[str], opened: Callable[[str], Opened]
) -> Iterator[Opened]:
    """Run a server with *files* (name → text) in its folder and with further *options*; nothing of it is left.

    Yields what *opened* returns, called with the endpoint until it does not raise an error of botocore.
    """
    with running_in(files, options, lambda endpoint, _: opened(endpoint)) as found:
        yield found


@contextmanager
def running_in(
    files: Mapping[str, str],
    options: Sequence[str],
    opened: Callable[[str, Path], Opened],
    url: str = "http://127.0.0.1",
) -> Iterator[Opened]:
    """Do the same, with *opened* called with the server's folder too; *url*: of the endpoint, without its port."""
    said = ""
    for _ in range(ATTEMPTS):
        with _server(files, options) as (server, port, log):
            found = when_up(partial(opened, f"{url}:{port}", log.parent), lambda: server.poll() is None)
            if found is not None:
                yield found
                return
            # It ends where somebody took one of its ports between the look at them and its start.
            said = log.read_text(errors="replace")[-4000:]
    raise AssertionError(f"SeaweedFS ended by itself {ATTEMPTS} times; its last words:\n{said}")


@contextmanager
def with_bucket(name: str, login: Login) -> Iterator[tuple[str, Any]]:
    """Run a server with an empty bucket *name*; yield its endpoint, and a client that acts as *login*."""
    identity = {
        "name": login.access,
        "credentials": [{"accessKey": login.access, "secretKey": login.secret}],
        "actions": ["Admin"],
    }

    def opened(endpoint: str) -> tuple[str, Any]:
        client = _client(endpoint, login)
        client.create_bucket(Bucket=name)
        return endpoint, client

    files = {"s3.json": json.dumps({"identities": [identity]})}
    small = ("-master.volumeSizeLimitMB", "256", "-volume.max", "100")
    options = ("-s3.config", "s3.json", "-s3.iam=false", *small)
    with running(files, options, opened) as found:
        yield found


def _client(endpoint: str, login: Login) -> Any:
    import boto3
    from botocore.config import Config

    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id=login.access,
        aws_secret_access_key=login.secret,
        config=Config(connect_timeout=2, read_timeout=20, retries={"max_attempts": 1}),
    )


def when_up(opened: Callable[[], Opened], lives: Callable[[], bool]) -> Opened | None:
    """Return what *opened* says as soon as a server answers it; None where it no longer *lives*."""
    from botocore.exceptions import BotoCoreError, ClientError

    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            return opened()
        except (BotoCoreError, ClientError):
            if not lives():
                return None
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


@contextmanager
def _server(
    files: Mapping[str, str], options: Sequence[str]
) -> Iterator[tuple[subprocess.Popen[bytes], int, Path]]:
    folder, ports = Path(tempfile.mkdtemp(prefix="aerodrome-s3-")), free_ports(2 * len(_PARTS))
    for name, text in files.items():
        (folder / name).write_text(text)
    kinds = [f"-{part}.port{kind}" for part in _PARTS for kind in ("", ".grpc")]
    chosen = [f"{kind}={port}" for kind, port in zip(kinds, ports, strict=True)]
    called = command(str(Path(sys.executable).with_name("weed")), ".", *options, *chosen)
    with _started(called, folder) as server:
        try:
            yield server, ports[0], folder / "log"
        finally:
            # Told to end, it waits for half a minute.
            server.send_signal(signal.SIGKILL)
    shutil.rmtree(folder, ignore_errors=True)
    for port in ports:
        # It listens there as well, whatever TMPDIR says.
        for left in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):
            left.unlink()


def _started(called: Sequence[str], folder: Path) -> subprocess.Popen[Any]:
    # It writes logs into the folder for temporary files.
    surroundings = {"HOME": str(folder), "TMPDIR": str(folder)}
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(called, cwd=folder, env=surroundings, stdout=log, stderr=log)
