"""A host beside a real cluster: it comes in by the chart's entrance, and runs a task of a DAG whose others run in pods.

The host is a container with systemd on a bridge of its own. OpenBao and the git server for hosts run on this machine.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from typing import Any

import outside
import pytest
from aerodrome.kubernetes.desk import ClusterDesk
from aerodrome.local.machine.deadline import wait_until
from fleet.host import Host
from kubernetes import client
from sandbox import ENVIRONMENT, VALUES, Sandbox
from secrets_store import Store, ask, reviewer, running

pytestmark = pytest.mark.usefixtures("first")
ROUTES = "tenants/routes/tenant.yaml"
KEPT = (ENVIRONMENT, VALUES, ROUTES)
NAME, TENANT, DAG = "hybrid1", "mixed", "mixed.everywhere"
PASSWORD = "of the archive, known to nobody"
RUN_SECONDS, PARSED_SECONDS = 600, 180
CODE = '''
"""Says where it is, where it has the right password."""

import hashlib
import platform


def look(digest: str, connections: dict) -> str:
    """Return the name of the machine; ValueError where the archive's password has another *digest*."""
    found = hashlib.sha256(connections["archive"]["password"].encode()).hexdigest()
    if found != digest:
        raise ValueError(f"another password, of digest {found}")
    return platform.node()


def meet(digest: str, earlier: str, connections: dict) -> str:
    """Return the same of another machine than *earlier*."""
    here = look(digest, connections)
    if here == earlier:
        raise ValueError(f"{here} again")
    return here
'''
MANIFEST = """\
dag_id: everywhere
description: One task in a pod of the tenant, one on a worker in the cluster, one on a host outside.
schedule: null

tasks:
  - id: in_a_pod
    uses: python.call
    with: {{function: "mixed.places:look", args: {{digest: "{digest}"}}, connections: [archive]}}

  - id: on_a_worker
    needs: [in_a_pod]
    uses: flow.branch
    with: {{choose: on_a_host}}

  - id: on_a_host
    queue: onprem
    needs: [on_a_worker]
    uses: python.call
    with:
      function: "mixed.places:meet"
      args: {{digest: "{digest}", earlier: {{$x: in_a_pod}}}}
      connections: [archive]
"""


@pytest.fixture(scope="module")
def store(api: client.ApiClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store that knows the cluster; commands have a token of the rights that the guide names."""
    with (
        pytest.MonkeyPatch.context() as patch,
        reviewer(api),
        running(tmp_path_factory.mktemp("store") / "bao") as found,
    ):
        found.knows(api)
        patch.setenv("VAULT_TOKEN", found.deploying("sandbox"))
        yield found


@pytest.fixture(scope="module")
def host(deployed: Sandbox) -> Iterator[Host]:
    """A machine with Debian, and nothing of the platform."""
    with outside.machines(deployed, [NAME]) as (found,):
        yield found


@pytest.fixture(scope="module")
def asked(
    deployed: Sandbox, store: Store, api: client.ApiClient, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Sandbox]:
    """The environment whose zone onprem is outside, and a tenant that is in both; nothing of it is deployed yet."""
    before = {path: (deployed.root / path).read_text() for path in KEPT}
    ask(deployed, store)
    with outside.asked(deployed, store, api, tmp_path_factory.mktemp("dags")):
        # Hosts would have to get all of Spark for it.
        deployed.edit(ROUTES, lambda text: text.replace("queues: [onprem]", "queues: [default]"))
        _add_tenant(deployed)
        yield deployed
    (deployed.root / outside.INVENTORY).unlink(missing_ok=True)
    for path, text in before.items():
        (deployed.root / path).write_text(text)
    shutil.rmtree(deployed.root / "tenants" / TENANT)
    deployed.commit()
    # Who deploys next would have to confirm that the tenant goes.
    deployed.deploy("--confirm", TENANT)


def _add_tenant(deployed: Sandbox) -> None:
    done = deployed.repository.run("tenant", TENANT)
    assert done.returncode == 0, done.stdout + done.stderr
    folder, digest = f"tenants/{TENANT}", hashlib.sha256(PASSWORD.encode()).hexdigest()
    (deployed.root / folder / "src/mixed/places.py").write_text(CODE)
    (deployed.root / folder / "dags/everywhere.yaml").write_text(MANIFEST.format(digest=digest))
    more = "queues: [default, onprem]\nconnections: {archive: {type: http}}"
    deployed.edit(f"{folder}/tenant.yaml", lambda text: text.replace("queues: [default]", more))


def run_to_its_end(airflow: ClusterDesk) -> dict[str, dict[str, Any]]:
    """Return task → how it ended, of a run of the DAG."""
    access = airflow.access()
    assert wait_until(lambda: DAG in {row["dag_id"] for row in access.dags()}, PARSED_SECONDS)
    run = str(access.trigger(DAG)["dag_run_id"])
    wait_until(lambda: access.run(DAG, run)["state"] in {"success", "failed"}, RUN_SECONDS)
    return {str(row["task_id"]): row for row in access.task_instances(DAG, run)}


def test_a_deploy_opens_the_entrance_before_there_is_a_host(asked: Sandbox) -> None:
    """Its canary leaves the queue out; nothing is left to do then, and a secret can be written."""
    told = asked.deploy("--confirm", outside.INSIDE)
    assert "queue onprem: not tried: " in told and "names no host for it" in told
    assert asked.planned() == set()
    value = json.dumps({"host": "http://archive.example.org", "login": "reader", "password": PASSWORD})
    done = asked.run("secret", TENANT, "archive", said=value)
    assert done.returncode == 0, done.stdout + done.stderr


def test_make_workers_lets_a_host_in_and_sets_it_up(asked: Sandbox, host: Host) -> None:
    """Nothing is left to do then; the host's worker is connected to the broker."""
    asked.edit(outside.INVENTORY, lambda _: outside.inventory([host]))
    done = asked.run("workers")
    assert done.returncode == 0, done.stdout + done.stderr
    assert asked.planned() == set()
    found = json.loads(asked.run("status", "--json").stdout)
    assert [one["name"] for one in found["hosts"]] == [NAME] and found["hosts_away"] == []


def logs_of(host: Host) -> str:
    """Return what tasks of the DAG have said on *host*."""
    script = f"find /var/log/aerodrome/tasks -path '*dag_id={DAG}*' -type f -exec tail -n 40 {{}} +"
    return str(host.run("sh", "-c", script, check=False).stdout)


def test_one_dag_runs_in_a_pod_on_a_worker_and_on_a_host(airflow: ClusterDesk, host: Host) -> None:
    """Each reads the secret that it names, and what one returns comes to the other."""
    rows = run_to_its_end(airflow)
    ended = {name: row["state"] for name, row in rows.items()}
    assert ended == dict.fromkeys(("in_a_pod", "on_a_worker", "on_a_host"), "success"), logs_of(host)
    places = {name: str(row["hostname"]) for name, row in rows.items()}
    assert places["on_a_worker"].startswith("airflow-worker-default-")
    assert places["on_a_host"].partition(".")[0] == NAME
    assert places["in_a_pod"].startswith(TENANT)


def test_the_canary_of_a_deploy_runs_on_the_host_too(asked: Sandbox) -> None:
    """One more change of a DAG leaves the host as it is."""
    asked.change_dag()
    told = asked.deploy()
    assert f"queue onprem: {NAME}" in told and asked.planned() == set()


def test_a_host_that_is_removed_is_shut_out(asked: Sandbox, host: Host) -> None:
    """At once; what it was let in with is taken back, and its units are gone."""
    done = asked.run("remove-host", "--limit", NAME, "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{NAME} has no user of the broker any more" in done.stdout
    assert json.loads(asked.run("status", "--json").stdout)["hosts_away"] == [NAME]
    assert "aerodrome-worker@" not in host.run("systemctl", "list-units", "--all").stdout
