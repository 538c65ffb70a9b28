"""A launcher that systemd starts: it serves the socket that it is given, and leaves it for the one after it."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from aerodrome_airflow.launcher.client import Job, Launch, LauncherError

_SERVER = f"{sys.executable} -m aerodrome_airflow.launcher.server --config"


def written(folder: Path, **changes: object) -> Path:
    """Return a configuration below *folder* of one tenant, whose jobs run as the launcher's own user."""
    tenant = {"user": None, "home": str(folder), "data": str(folder), "runtimes": str(folder)}
    me = pwd.getpwuid(os.geteuid()).pw_name
    said = {
        "socket": str(folder / "s"),
        "allowed_users": [me],
        "tenants": {"alpha": tenant},
        "grace_seconds": 1,
    }
    path = folder / "launcher.json"
    path.write_text(json.dumps({**said, **changes}))
    path.chmod(0o600)
    return path


@pytest.fixture
def unit(tmp_path: Path) -> Iterator[socket.socket]:
    """A socket that listens, as systemd makes it."""
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(tmp_path / "s"))
        made.listen(8)
        yield made


@contextlib.contextmanager
def activated(
    config: Path, unit: socket.socket, told: str = "LISTEN_PID=$$ LISTEN_FDS=1"
) -> Iterator[subprocess.Popen[str]]:
    """Run a server that is told of *unit* as systemd tells it, until the block ends."""
    # The number of the process is in its own environment: a shell that becomes it knows it. dash takes one digit alone.
    command = f"exec 3<&{unit.fileno()}; {told} exec {_SERVER} {config}"
    with subprocess.Popen(
        ["bash", "-c", command], pass_fds=[unit.fileno()], stderr=subprocess.PIPE, text=True
    ) as server:
        try:
            yield server
        finally:
            server.terminate()


def asked(folder: Path) -> str:
    """Return what becomes of a job: as root the launcher refuses it, which it says by itself."""
    try:
        return str(
            Launch(folder / "s").run(Job("alpha", "bash", None, {"script": "echo hello"}), print)["last_line"]
        )
    except LauncherError as refusal:
        return str(refusal)


def expected() -> str:
    """Return what a launcher of this user answers."""
    return (
        "tenant alpha has no user of its own, and its code never runs as root"
        if os.geteuid() == 0
        else "hello"
    )


def test_a_launcher_serves_the_socket_that_it_is_given(unit: socket.socket, tmp_path: Path) -> None:
    """Who connects before it has started waits for it."""
    with activated(written(tmp_path), unit):
        assert asked(tmp_path) == expected()


def test_the_socket_outlasts_its_launcher(unit: socket.socket, tmp_path: Path) -> None:
    """Ended or killed, it leaves the socket to the next one, which those who connect meanwhile wait for."""
    place = (tmp_path / "s").stat().st_ino
    for ends in ("terminate", "kill"):
        with activated(written(tmp_path), unit) as server:
            assert asked(tmp_path) == expected()
            getattr(server, ends)()
            server.wait(20)
    with socket.socket(socket.AF_UNIX) as waiting:
        waiting.connect(str(tmp_path / "s"))
        with activated(written(tmp_path), unit):
            assert asked(tmp_path) == expected()
    assert (tmp_path / "s").stat().st_ino == place


def test_a_socket_of_another_place_is_refused(unit: socket.socket, tmp_path: Path) -> None:
    """Whose rights nobody has checked; the error names the setting of the unit."""
    config = written(tmp_path, socket=str(tmp_path / "other"))
    with activated(config, unit) as server:
        assert server.stderr is not None
        assert f"ListenStream= of its socket unit must be {tmp_path / 'other'}" in server.stderr.read()
        assert server.wait(20) == 1


@pytest.mark.parametrize("told", ["LISTEN_PID=1 LISTEN_FDS=1", "LISTEN_FDS=1", ""])
def test_what_another_process_was_given_is_not_taken(unit: socket.socket, tmp_path: Path, told: str) -> None:
    """Then the launcher makes its own socket, as without systemd."""
    config = written(tmp_path, socket=str(tmp_path / "own"))
    with activated(config, unit, told) as server:
        assert server.stderr is not None and f"serving {tmp_path / 'own'}" in server.stderr.readline()
    assert not (tmp_path / "own").exists()
