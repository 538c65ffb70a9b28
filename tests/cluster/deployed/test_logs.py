"""Airflow shows the logs of tasks whose pods are gone: they are in a bucket, each sent by a role of its pod's own.

SeaweedFS runs on this machine, speaks TLS, and believes the tokens of this cluster; its roles may do what a deploy to
AWS gives them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bucket_of_pods_logs
import httpx
import pytest
from aerodrome.environment import load_environment
from aerodrome.kubernetes.desk import ClusterDesk
from aerodrome.local.machine import certificates
from aerodrome.local.machine.deadline import wait_until
from aerodrome.manifest.load import load_repository
from bucket_of_pods_logs import PodsBucket
from kubernetes import client
from kubernetes.client.exceptions import ApiException
from kubernetes.stream import stream
from logins import bearer
from sandbox import NAMESPACE, VALUES, Sandbox
from testbed.place import MACHINE

pytestmark = pytest.mark.usefixtures("first")
ENVIRONMENT = "environments/sandbox/environment.yaml"
OWN = (
    "tenants/health/src/health/told.py",
    "tenants/health/dags/told.yaml",
    "environments/sandbox/logs-ca.pem",
)
"""Code, manifest and authority, which are there for these tests alone."""
DAG, TASK, TENANT = "health.told", "tell", "tenant-health"
CANARY, ON_DEFAULT, WORKER = "platform.canary", "on_default", "airflow-worker-default-0"
RUN_SECONDS, SHOWN_SECONDS = 600, 120
GO_ON = "/tmp/go-on"
"""Until this file is in its container the task says nothing more."""
_ABOVE = "tenancy:\n  networkPolicy:\n"
_REACHED = f"""\
    logsStore:
      to:
        - ipBlock: {{cidr: {MACHINE}/32}}
"""
_CODE = f'''
"""Says something, waits for a file, and ends with its last words."""

import time
from pathlib import Path


def tell() -> None:
    """Say what a log must hold; TimeoutError where nobody lets it go on."""
    print("first words", flush=True)
    end = time.monotonic() + {RUN_SECONDS}
    while not Path("{GO_ON}").exists():
        if time.monotonic() > end:
            raise TimeoutError("{GO_ON} is not there")
        time.sleep(1)
    for number in range(500):
        print("line", number)
    print("last words")
'''
_DAG = f"""\
dag_id: told
description: A task in a pod of the tenant, with a log.
schedule: null

tasks:
  - id: {TASK}
    uses: python.call
    with: {{function: "health.told:tell"}}
"""
_LOOK = """
import pathlib
for place in pathlib.Path("/proc").glob("[0-9]*"):
    for name in ("cmdline", "environ"):
        print((place / name).read_bytes().replace(b"\\0", b" ").decode(errors="replace"))
for place in pathlib.Path("/var/run/secrets").glob("**/*"):
    print(place)
print("looked")
"""
_GO_ON = f"import pathlib; pathlib.Path('{GO_ON}').touch(); print('goes on')"


@pytest.fixture(scope="module")
def bucket(deployed: Sandbox, api: client.ApiClient) -> Iterator[PodsBucket]:
    """A bucket with the roles of this environment, which believes this cluster."""
    environment = load_environment(deployed.root, "sandbox")
    models = {tenant.name: tenant.model for tenant in load_repository(deployed.root, environment).tenants}
    issuer = json.loads(asked_for(api, "/.well-known/openid-configuration"))["issuer"]
    made = certificates.made(MACHINE, "logs")
    tls = {"server.pem": made.certificate, "server.key": made.key, "authority.pem": made.authority}
    known = bucket_of_pods_logs.roles(environment, models, issuer)
    cluster = bucket_of_pods_logs.Believed(issuer, asked_for(api, "/openid/v1/jwks"))
    with bucket_of_pods_logs.running("sandbox", known, cluster, tls, MACHINE) as found:
        yield found


def asked_for(api: client.ApiClient, path: str) -> str:
    """Return what the cluster's API server answers."""
    answer = api.call_api(path, "GET", auth_settings=["BearerToken"], _preload_content=False)
    return str(answer.data.decode())


@pytest.fixture(scope="module")
def asked(deployed: Sandbox, bucket: PodsBucket) -> Iterator[Sandbox]:
    """The environment whose pods send logs there, and a tenant with a DAG that says something; not deployed yet."""
    assert bucket.authority is not None
    for path, text in zip(OWN, (_CODE, _DAG, Path(bucket.authority).read_text()), strict=True):
        (deployed.root / path).write_text(text)
    settings = bucket_of_pods_logs.settings(bucket.endpoint)
    said = "\nlogs: " + json.dumps({**settings, "s3": {**settings["s3"], "ca_file": "logs-ca.pem"}}) + "\n"
    deployed.edit(VALUES, lambda text: text.replace(_ABOVE, _ABOVE + _REACHED, 1))
    deployed.edit(ENVIRONMENT, lambda text: text + said)
    yield deployed
    for path in OWN:
        (deployed.root / path).unlink()
    deployed.edit(ENVIRONMENT, lambda text: text.replace(said, ""))
    deployed.edit(VALUES, lambda text: text.replace(_REACHED, ""))


def log(airflow: ClusterDesk, user: str, dag: str, run: str, task: str) -> httpx.Response:
    """Return what Airflow answers *user* who wants to see the log of the first attempt."""
    path = f"/api/v2/dags/{dag}/dagRuns/{run}/taskInstances/{task}/logs/1?full_content=true"
    asked = {"headers": bearer(airflow, user), "timeout": 60, "trust_env": False}
    return httpx.get(f"http://{airflow.address}{path}", **asked)


def last_run(airflow: ClusterDesk, dag: str) -> str:
    """Return the newest run of *dag*."""
    rows = airflow.access().runs(dag)
    return str(max(rows, key=lambda row: str(row["run_after"]))["dag_run_id"])


def task_pod(api: client.ApiClient) -> Any:
    """Return the pod of the tenant's task; None where there is none."""
    found = client.CoreV1Api(api).list_namespaced_pod(TENANT, label_selector=f"dag_id={DAG}").items
    return found[0] if found else None


def said_in(api: client.ApiClient, pod: Any, container: str, code: str) -> str:
    """Return what *code* prints in a container of *pod*."""
    asked = {"command": ["python", "-c", code], "stdout": True, "stderr": True, "stdin": False, "tty": False}
    ask = client.CoreV1Api(api).connect_get_namespaced_pod_exec
    told = stream(ask, pod.metadata.name, TENANT, container=container, **asked, _preload_content=False)
    told.run_forever(timeout=SHOWN_SECONDS)
    return str(told.read_all())


def test_a_deploy_has_every_pod_send_its_logs(asked: Sandbox, bucket: PodsBucket) -> None:
    """The canary's tasks ran on the workers of each zone; nothing is left to change then."""
    done = asked.run("images")
    assert done.returncode == 0, done.stdout + done.stderr
    asked.deploy()
    assert asked.planned() == set()
    zones = {"default", "pii", "onprem", "platform"}
    assert wait_until(lambda: {key.partition("/")[0] for key in bucket.objects()} >= zones, SHOWN_SECONDS)


def test_a_workers_log_is_shown_when_the_worker_is_gone(
    airflow: ClusterDesk, api: client.ApiClient, bucket: PodsBucket
) -> None:
    """With its last line, as the bucket has it; nobody asks a worker for it."""
    core, run = client.CoreV1Api(api), last_run(airflow, CANARY)
    before = core.read_namespaced_pod(WORKER, NAMESPACE).metadata.uid
    core.delete_namespaced_pod(WORKER, NAMESPACE)
    assert wait_until(lambda: uid(core) not in ("", before), RUN_SECONDS)
    told = [row["event"] for row in log(airflow, "admin", CANARY, run, ON_DEFAULT).json()["content"]]
    (sent,) = (text for key, text in bucket.objects().items() if f"{run}/task_id={ON_DEFAULT}/" in key)
    last = json.loads(sent.splitlines()[-1])["event"]
    assert f"queue default is served by {WORKER}" in told and told[-1] == last, told
    assert log(airflow, "flights", CANARY, run, ON_DEFAULT).status_code in {403, 404}


def uid(core: client.CoreV1Api) -> str:
    """Return which pod the worker is now; empty where it is none."""
    try:
        return str(core.read_namespaced_pod(WORKER, NAMESPACE).metadata.uid)
    except ApiException:
        return ""


def test_a_running_task_shows_what_it_has_said_so_far(airflow: ClusterDesk) -> None:
    """In a pod of the tenant; what it has not said yet is not there."""
    access = airflow.access()
    assert wait_until(lambda: DAG in {row["dag_id"] for row in access.dags()}, SHOWN_SECONDS)
    run = str(access.trigger(DAG)["dag_run_id"])
    shown = wait_until(lambda: "first words" in log(airflow, "admin", DAG, run, TASK).text, RUN_SECONDS)
    told = log(airflow, "admin", DAG, run, TASK).text
    assert shown and "last words" not in told, told


def test_what_sends_the_log_holds_no_token_but_its_own(api: client.ApiClient) -> None:
    """Neither the task's nor one for the cluster; it sees no process of another container."""
    pod = task_pod(api)
    assert pod is not None
    (base,) = (one for one in pod.spec.containers if one.name == "base")
    token = json.loads(base.args[-1])["token"]
    seen = said_in(api, pod, "logs", _LOOK)
    assert "looked" in seen and "logs.ship" in seen, seen
    assert token not in seen and "launcher" not in seen and "kubernetes.io" not in seen, seen


def test_the_last_words_of_a_pod_are_shown_when_it_is_gone(
    airflow: ClusterDesk, api: client.ApiClient
) -> None:
    """To the tenant itself, each line once, and to no other tenant."""
    run, pod = last_run(airflow, DAG), task_pod(api)
    assert pod is not None and "goes on" in said_in(api, pod, "tenant", _GO_ON)
    assert wait_until(lambda: task_pod(api) is None, RUN_SECONDS)
    told = log(airflow, "health", DAG, run, TASK).text
    assert told.count("first words") == told.count("last words") == 1, told
    assert all(f"line {number}" in told for number in range(500))
    assert log(airflow, "flights", DAG, run, TASK).status_code in {403, 404}


def test_a_tenants_logs_lie_where_its_role_may_write(bucket: PodsBucket) -> None:
    """One log, of one pod."""
    own = [key for key in bucket.objects() if f"dag_id={DAG}/" in key]
    assert len(own) == 1 and own[0].startswith(f"pii/queue=pii/dag_id={DAG}/run_id=manual__"), own
