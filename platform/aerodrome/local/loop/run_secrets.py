"""The secrets agent of one run without a platform: it serves the run's tenant alone, and ends with the run."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from aerodrome import names
from aerodrome.errors import AerodromeError
from aerodrome.local.loop import guard
from aerodrome.local.loop.stage import START_SECONDS, Stage
from aerodrome.local.machine import state
from aerodrome.local.machine.deadline import wait_until
from aerodrome.local.machine.ownership import write_file
from aerodrome.local.processes import zone_settings
from aerodrome.local.stores import secrets_login
from aerodrome.secrets import usable


@contextmanager
def secrets_agent(made: Stage) -> Iterator[Path | None]:
    """Give the socket that the run's tasks ask; None where nothing is deployed that could hold a secret."""
    if not state.exists(made.platform.layout):
        yield None
        return
    # Its parent is the system's, its content for this user alone: the run itself may be another user's.
    folder = Path(tempfile.mkdtemp(prefix="aerodrome-run-secrets-"))
    reader, writer = os.pipe()
    with tempfile.TemporaryFile() as said:
        try:
            guarded = _start(made, folder, reader, said)
            try:
                _wait_started(made, guarded, said)
                yield _socket(made)
            finally:
                os.close(writer)
                guarded.wait(guard.PATIENCE + START_SECONDS)
        finally:
            os.close(reader)
            shutil.rmtree(folder, ignore_errors=True)


def named(made: Stage) -> tuple[str, ...]:
    """Return what the manifests of now let the run read: `connection <id>` and `variable <key>`."""
    environment, tenant = made.platform.environment, made.tenant
    model = made.platform.tenants[tenant]
    own = usable.connections(environment, model, _zone(made))
    return (
        *(f"connection {names.connection_id(tenant, name)}" for name in own),
        *(f"variable {names.variable_key(tenant, name)}" for name in model.variables),
        *(
            f"connection {names.connection_id(names.GLOBAL, name)}"
            for name in environment.secrets.global_connections
        ),
        *(
            f"variable {names.variable_key(names.GLOBAL, name)}"
            for name in environment.secrets.global_variables
        ),
    )


def _zone(made: Stage) -> str:
    return made.platform.environment.queues[made.platform.tenants[made.tenant].queues[0]].zone


def _socket(made: Stage) -> Path:
    return made.folder / "secrets.sock"


def _start(made: Stage, folder: Path, lifeline: int, said: IO[bytes]) -> subprocess.Popen[bytes]:
    zone, user = _zone(made), made.owner.user
    settings = {
        **zone_settings.secrets_agent_store(made.platform, zone),
        "socket": str(_socket(made)),
        "user": user,
        "allowed_users": [user] if user else None,
        "tenants": [made.tenant],
    }
    for name, text in {
        **secrets_login.files(made.platform, zone),
        "agent.json": json.dumps(settings),
    }.items():
        write_file(folder / name, text)
    file = str(folder / "agent.json")
    agent = (made.python, "-I", "-m", "aerodrome_airflow.secrets.agent", "--config", file)
    return subprocess.Popen(
        (sys.executable, "-I", "-m", guard.__name__, str(folder), file, *agent),
        stdin=lifeline,
        stdout=subprocess.DEVNULL,
        stderr=said,
        cwd="/",
        env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
        start_new_session=True,
    )


def _wait_started(made: Stage, guarded: subprocess.Popen[bytes], said: IO[bytes]) -> None:
    wait_until(lambda: _socket(made).exists() or guarded.poll() is not None, START_SECONDS)
    if not _socket(made).exists():
        said.seek(0)
        raise AerodromeError(
            f"the secrets agent did not start: {said.read().decode(errors='replace').strip()}"
        )
