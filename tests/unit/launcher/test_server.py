"""The server as a process: its socket, its lock, its configuration."""

from __future__ import annotations

import grp
import json
import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from launcher_under_test import Launcher


def start(config: Path) -> subprocess.CompletedProcess[str]:
    """Return how a server with *config* ends by itself."""
    command = [sys.executable, "-m", "aerodrome_airflow.launcher.server", "--config", str(config)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)


def written(folder: Path, **changes: object) -> Path:
    """Return a configuration below *folder*."""
    path = folder / "launcher.json"
    path.write_text(json.dumps({"socket": str(folder / "s"), "tenants": {}, **changes}))
    path.chmod(0o600)
    return path


def test_second_server_on_a_socket_is_refused(root_launcher: Launcher) -> None:
    """The first one goes on."""
    told = start(root_launcher.config)
    assert told.returncode == 1
    assert f"another launcher serves {root_launcher.socket}" in told.stderr
    assert root_launcher.call("echo", a=1) == {"a": 1}


def test_socket_is_for_its_own_user_alone(root_launcher: Launcher) -> None:
    """Without a group nobody else may knock: who may not ask must not keep others from asking."""
    assert stat.S_IMODE(root_launcher.socket.stat().st_mode) == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_socket_is_open_to_its_group(tmp_path: Path) -> None:
    """Others cannot connect; who of the group may ask is the kernel's word on the peer."""
    config = written(tmp_path, socket_group="games", allowed_users=["games"])
    command = [sys.executable, "-m", "aerodrome_airflow.launcher.server", "--config", str(config)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None and "serving" in server.stderr.readline()
        found = (tmp_path / "s").stat()
        server.terminate()
    assert stat.S_IMODE(found.st_mode) == 0o660 and found.st_gid == grp.getgrnam("games").gr_gid


def test_file_in_the_sockets_place_is_not_removed(tmp_path: Path) -> None:
    """A wrong path in the configuration destroys nothing."""
    (tmp_path / "s").write_text("precious")
    told = start(written(tmp_path))
    assert "exists and is no socket" in told.stderr
    assert (tmp_path / "s").read_text() == "precious"


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"tenants": {"a": {}}}, "KeyError: 'home'"),
        (
            {"tenants": {"a": {"home": "/", "data": "/", "runtimes": "/", "limits": {"memory": 1}}}},
            "unexpected keyword",
        ),
        ({"socket_group": "no-such-group"}, "no-such-group"),
    ],
)
def test_wrong_configuration_is_told(tmp_path: Path, changes: dict[str, object], text: str) -> None:
    """The server does not start, and says why."""
    told = start(written(tmp_path, **changes))
    assert told.returncode == 1
    assert text in told.stderr


def test_dead_servers_socket_is_taken_over(tmp_path: Path) -> None:
    """What a killed server left behind is no obstacle, and the own user alone may open the new one."""
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(tmp_path / "s"))
    left.close()
    command = [sys.executable, "-m", "aerodrome_airflow.launcher.server", "--config", str(written(tmp_path))]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        assert "serving" in server.stderr.readline()
        assert stat.S_IMODE((tmp_path / "s").stat().st_mode) == 0o600
        server.terminate()
        assert server.wait(20) == 0
    assert not (tmp_path / "s").exists()
