"""airflow.cfg of a host's worker, as Airflow itself reads it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

# What a whole test of the renderer holds to be right.
RENDERED = Path(__file__).parents[2] / "render/golden/expected/hadoop1.json"
URL = "rediss://aerodrome-host-hadoop1:secret@10.203.77.1:6491/0?ssl_cert_reqs=required&ssl_ca_certs=/ca.pem"
PROGRAM = """
import json
from kombu import Connection
from aerodrome_airflow.celery_config import CELERY_CONFIG as celery
from airflow.providers.celery.executors.celery_executor_utils import app
from airflow.sdk.api import client
from airflow.sdk.configuration import conf
broker = Connection(celery["broker_url"])
print(json.dumps({
    "broker": celery["broker_url"], "results": celery["result_backend"],
    "options": celery["broker_transport_options"], "authority": str(broker.ssl["ssl_ca_certs"]),
    "api": [client.API_SSL_CA_FILE_PATH, client.API_CLIENT_USE_PUBLIC_CERTS, client.API_RETRIES],
    "launcher": conf.get("aerodrome", "launcher_socket"),
    "bundles": conf.get("dag_processor", "dag_bundle_config_list"),
    "fernet": conf.get("core", "fernet_key"),
    "storing": app.backend.retry_policy,
}))
"""


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What Airflow and Celery make of it; the file with the broker's address ends as editors end it."""
    home = tmp_path_factory.mktemp("worker")
    (queue,) = json.loads(RENDERED.read_text())["airflow_worker_queues"]
    (home / "broker-url").write_text(f"{URL}\n")
    text = queue["airflow_cfg"].replace("/etc/aerodrome/secrets/broker-url", str(home / "broker-url"))
    (home / "airflow.cfg").write_text(text)
    environment = {**os.environ, "AIRFLOW_HOME": str(home)}
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=120)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_the_brokers_address_comes_from_its_file(read: dict[str, Any]) -> None:
    """To the last sign: the authority of its certificate stands at its end."""
    assert (read["broker"], read["results"], read["authority"]) == (URL, URL, "/ca.pem")


def test_the_workers_account_is_the_hosts_own(read: dict[str, Any]) -> None:
    """As the broker's rights of the host have it."""
    options = read["options"]
    assert (options["unacked_key"], options["client_name"]) == ("unacked.onprem.hadoop1", "worker-onprem")


def test_the_execution_api_is_trusted_by_the_platforms_authority_alone(read: dict[str, Any]) -> None:
    """No public authority could stand in its place; and requests are repeated while the network is away."""
    authority, public, retries = read["api"]
    assert (authority, public) == ("/etc/aerodrome/authority.pem", False) and retries * 15 >= 180


def test_dags_come_from_the_entrance(read: dict[str, Any]) -> None:
    """Over TLS; and a launcher is found by its tenant."""
    (bundle,) = json.loads(read["bundles"])
    assert bundle["kwargs"]["repo_url"] == "https://10.203.77.1:8445/bundle.git"
    assert read["launcher"] == "/run/aerodrome/launcher/{tenant}.sock" and read["fernet"] == ""


def test_a_workers_results_wait_for_the_broker(read: dict[str, Any]) -> None:
    """For longer than a host may be away: given up, the executor would count the task as running for good."""
    policy = read["storing"]
    assert policy["max_retries"] * policy["interval_max"] >= 600
