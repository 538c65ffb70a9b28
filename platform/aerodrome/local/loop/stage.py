"""What one run without a platform stands on: a temporary folder and a launcher, both gone when the run ends."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from aerodrome.errors import AerodromeError
from aerodrome.local.loop import guard
from aerodrome.local.machine.deadline import wait_until
from aerodrome.local.machine.ownership import Owner, ensure_folder, write_file
from aerodrome.local.machine.platform import Platform
from aerodrome.local.processes import zone_settings

START_SECONDS = 10


@dataclass(frozen=True)
class Stage:
    """The temporary folder of one run and who owns it.

    *lifeline* is the reading end of a pipe that is closed when this command ends, also when it is killed.
    """

    folder: Path
    platform: Platform
    tenant: str
    owner: Owner
    lifeline: int

    @property
    def socket(self) -> Path:
        """Return the launcher's socket."""
        return self.folder / "launcher.sock"

    @property
    def python(self) -> str:
        """Return the interpreter of the run's processes."""
        # Without service users nobody else must be able to read the interpreter: this program's own will do.
        return str(self.platform.layout.python) if self.owner.user else sys.executable


@contextmanager
def stage(platform: Platform, tenant: str) -> Iterator[Stage]:
    """Give a folder and a launcher that can start the code of *tenant*; afterwards both are gone."""
    owner = platform.accounts.owner(platform.accounts.airflow)
    reader, writer = os.pipe()
    # The folder's parent is the system's: a clone below a closed home cannot be entered by the platform's user.
    made = Stage(Path(tempfile.mkdtemp(prefix="aerodrome-run-")), platform, tenant, owner, reader)
    # What a launcher says about its jobs is for the platform's logs; here it matters only when it does not start.
    with tempfile.TemporaryFile() as said:
        try:
            ensure_folder(made.folder, 0o700, owner)
            guarded = _start(made, said)
            try:
                _wait_started(made, guarded, said)
                yield made
            finally:
                os.close(writer)
                _wait_ended(guarded)
        finally:
            os.close(reader)
            shutil.rmtree(made.folder, ignore_errors=True)


def _start(made: Stage, said: IO[bytes]) -> subprocess.Popen[bytes]:
    _make_homes(made)
    config = made.platform.layout.run if made.owner.user else made.folder
    file = config / f"run-{os.getpid()}.json"
    write_file(file, json.dumps(_settings(made)))
    launcher = (made.python, "-I", "-m", "aerodrome_airflow.launcher.server", "--config", str(file))
    # In a session of its own, so that Ctrl-C reaches the run first and the launcher ends what the run left.
    return subprocess.Popen(
        (sys.executable, "-I", "-m", guard.__name__, str(made.folder), str(file), *launcher),
        stdin=made.lifeline,
        stdout=subprocess.DEVNULL,
        stderr=said,
        cwd="/",
        env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
        start_new_session=True,
    )


def _make_homes(made: Stage) -> None:
    # As root a deploy has made them, with the owners that they need.
    if made.owner.user is None:
        for name in ("home", "data"):
            ensure_folder(made.platform.layout.homes / made.tenant / name, 0o700)


def _settings(made: Stage) -> dict[str, object]:
    user = made.owner.user
    return {
        "socket": str(made.socket),
        "socket_group": user,
        "allowed_users": [user] if user else None,
        "tenants": {made.tenant: zone_settings.launcher_tenant(made.platform, made.tenant)},
    }


def _wait_started(made: Stage, guarded: subprocess.Popen[bytes], said: IO[bytes]) -> None:
    if not wait_until(lambda: made.socket.exists() or guarded.poll() is not None, START_SECONDS):
        raise AerodromeError("the launcher of the tenant's code did not start in time", "try again")
    if guarded.poll() is not None:
        said.seek(0)
        raise AerodromeError(f"the launcher did not start: {said.read().decode(errors='replace').strip()}")


def _wait_ended(guarded: subprocess.Popen[bytes]) -> None:
    try:
        guarded.wait(2 * guard.PATIENCE + START_SECONDS)
    except subprocess.TimeoutExpired:
        guarded.kill()
        guarded.wait()
    if guarded.returncode:
        # It was killed: what it guarded is in its session.
        with suppress(ProcessLookupError):
            os.killpg(guarded.pid, signal.SIGTERM)
