"""Tasks in pods read connections from an OpenBao that asks the cluster whose their tokens are, and nobody else's.

OpenBao runs on this machine, speaks TLS with a certificate of its own authority, and answers pods at the bridge.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest
from aerodrome import names
from aerodrome.kubernetes.desk import ClusterDesk
from aerodrome.local.machine.deadline import wait_until
from kubernetes import client
from sandbox import NAMESPACE, VALUES, Sandbox
from secrets_store import Store, account_token, reviewer, running
from testbed.place import GIT_PORT, MACHINE

pytestmark = pytest.mark.usefixtures("first")
ENVIRONMENT, TENANT = "environments/sandbox/environment.yaml", "tenants/health/tenant.yaml"
PASSWORD = "of the archive, known to nobody"
DIGEST = hashlib.sha256(PASSWORD.encode()).hexdigest()
RUN_SECONDS, PARSED_SECONDS = 600, 180
_ADDRESS = f"""\
    secretsStore:
      port: {{port}}
      to:
        - ipBlock: {{{{cidr: {MACHINE}/32}}}}
"""
_GIT = f"- {{port: {GIT_PORT}, protocol: TCP}}"
_NONE = "secrets: {store: none}"
_ABOVE = "tenancy:\n  networkPolicy:\n"
_CODE = '''
"""Says whether it has the right password, and not which."""

import hashlib


def look(digest: str, connections: dict) -> None:
    """Fail where the archive's password has another *digest*."""
    found = hashlib.sha256(connections["archive"]["password"].encode()).hexdigest()
    if found != digest:
        raise ValueError(f"another password, of digest {found}")
'''
_DAG = f"""\
dag_id: archive
description: Reads a connection where the tenant's code runs, and where the platform's does.
schedule: null

tasks:
  - id: in_a_pod
    uses: python.call
    with: {{function: "health.archive:look", args: {{digest: "{DIGEST}"}}, connections: [archive]}}

  - id: in_a_worker
    uses: http.request
    with: {{connection: archive, endpoint: /report}}
"""


class Archive(BaseHTTPRequestHandler):
    """A service that notes how its callers log in."""

    told: ClassVar[set[str]] = set()

    def do_GET(self) -> None:
        """Answer."""
        self.told.add(self.headers.get("Authorization", ""))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def archive() -> Iterator[int]:
    """The port of the service."""
    server = ThreadingHTTPServer((MACHINE, 0), Archive)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def store(api: client.ApiClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store that knows no cluster yet; commands have a token of the rights that the guide names."""
    with (
        pytest.MonkeyPatch.context() as patch,
        reviewer(api),
        running(tmp_path_factory.mktemp("store") / "bao") as found,
    ):
        patch.setenv("VAULT_TOKEN", found.deploying("sandbox"))
        yield found


@pytest.fixture(scope="module")
def asked(deployed: Sandbox, store: Store, archive: int) -> Iterator[Sandbox]:
    """The environment with this store, and a tenant with a DAG that reads from it; nothing of it is deployed yet."""
    place = deployed.root / "tenants/health"
    (deployed.root / "environments/sandbox/vault-ca.pem").write_text(store.authority)
    (place / "src/health/archive.py").write_text(_CODE)
    (place / "dags/archive.yaml").write_text(_DAG)
    reached = {_GIT: f"{_GIT}\n            - {{port: {archive}, protocol: TCP}}"}
    reached |= {_ABOVE: _ABOVE + _ADDRESS.format(port=store.port)}
    for before, after in reached.items():
        deployed.edit(VALUES, _replacing(before, after))
    deployed.edit(TENANT, _replacing("\nvariables:", "\n  archive: {type: http, queues: [pii]}\nvariables:"))
    said = f"secrets: {{vault: {{url: '{store.url}', ca_file: vault-ca.pem}}}}"
    deployed.edit(ENVIRONMENT, _replacing(_NONE, said))
    yield deployed
    deployed.edit(ENVIRONMENT, _replacing(said, _NONE))


def _replacing(before: str, after: str) -> Callable[[str], str]:
    return lambda text: text.replace(before, after, 1)


def test_a_store_that_knows_no_cluster_is_refused(asked: Sandbox) -> None:
    """Nothing would read from it; what is to be done once is told, and nothing is changed."""
    done = asked.run("images")
    assert done.returncode == 0, done.stdout + done.stderr
    done = asked.run("deploy", "--yes")
    said = done.stdout + done.stderr
    assert done.returncode == 2 and "the login method kubernetes of" in said
    assert "docs/how-to/let-pods-read-secrets.md" in said


def test_a_deploy_says_who_may_read_what(
    asked: Sandbox, store: Store, api: client.ApiClient, archive: int
) -> None:
    """In the store's policies and roles; nothing is left to change then, and a secret can be written."""
    store.knows(api)
    asked.deploy()
    assert asked.planned() == set()
    value = json.dumps({"host": f"http://{MACHINE}:{archive}", "login": "reader", "password": PASSWORD})
    done = asked.run("secret", "health", "archive", said=value)
    assert done.returncode == 0 and PASSWORD not in done.stdout + done.stderr, done.stdout + done.stderr


def test_tasks_read_the_connection_that_they_name(airflow: ClusterDesk) -> None:
    """The tenant's code in a pod of its own, and the platform's on a worker of the tenant's zone."""
    access = airflow.access()
    assert wait_until(lambda: "health.archive" in {row["dag_id"] for row in access.dags()}, PARSED_SECONDS)
    run = str(access.trigger("health.archive")["dag_run_id"])
    ended = wait_until(
        lambda: access.run("health.archive", run)["state"] in {"success", "failed"}, RUN_SECONDS
    )
    rows = {row["task_id"]: row for row in access.task_instances("health.archive", run)}
    told = {name: access.log("health.archive", run, name, row["try_number"]) for name, row in rows.items()}
    wrong = {name: told[name] for name, row in rows.items() if row["state"] != "success"}
    assert ended and not wrong and set(rows) == {"in_a_pod", "in_a_worker"}, wrong
    login = base64.b64encode(f"reader:{PASSWORD}".encode()).decode()
    assert Archive.told == {f"Basic {login}"}


@pytest.mark.parametrize(
    ("role", "who"),
    [
        ("pii.health", ("tenant-flights", "flights-default", names.SECRETS_AUDIENCE)),
        ("pii.health", ("tenant-health", "default", names.SECRETS_AUDIENCE)),
        ("pii.health", ("tenant-health", "health-pii", "")),
        ("pii.health", ("tenant-health", "health-pii", names.AWS_AUDIENCE)),
        ("pii.health", (NAMESPACE, "airflow-worker-pii", names.SECRETS_AUDIENCE)),
        ("pii", (NAMESPACE, "airflow-worker-default", names.SECRETS_AUDIENCE)),
        ("pii", (NAMESPACE, "airflow-scheduler", names.SECRETS_AUDIENCE)),
        ("pii", ("tenant-health", "health-pii", names.SECRETS_AUDIENCE)),
    ],
)
def test_no_other_account_logs_in(
    store: Store, api: client.ApiClient, role: str, who: tuple[str, str, str]
) -> None:
    """Nor the right one with a token for something else."""
    assert store.login(f"aerodrome-sandbox.{role}", account_token(api, *who)) in {400, 403}


def test_the_right_account_logs_in_until_the_cluster_knows_it_no_more(
    store: Store, api: client.ApiClient
) -> None:
    """The store believes the cluster and not what stands in the token."""
    core, place = client.CoreV1Api(api), "tenant-health"
    role, token = (
        "aerodrome-sandbox.pii.health",
        account_token(api, place, "health-pii", names.SECRETS_AUDIENCE),
    )
    assert store.login(role, token) == 200
    head, claims, signature = token.split(".")
    assert store.login(role, f"{head}.{claims}.{signature[::-1]}") in {400, 403}
    kept = core.read_namespaced_service_account("health-pii", place)
    core.delete_namespaced_service_account("health-pii", place)
    try:
        assert wait_until(lambda: store.login(role, token) in {400, 403}, 60)
    finally:
        kept.metadata.resource_version = kept.metadata.uid = None
        core.create_namespaced_service_account(place, kept)
