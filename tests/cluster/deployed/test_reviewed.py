"""What somebody has reviewed is what is deployed to a real cluster; what is there beside it is told."""

from __future__ import annotations

import json
import shutil

import httpx
import pytest
from aerodrome.bundle import published_paths
from aerodrome.clients.git import described
from aerodrome.kubernetes.desk import ClusterDesk
from kubernetes import client
from logins import bearer
from sandbox import ENVIRONMENT, NAMESPACE, VALUES, Planned, Sandbox, changes

pytestmark = pytest.mark.usefixtures("first")
TENANT = "tenants/health/tenant.yaml"
ACCOUNT = ("release", "update", "ServiceAccount airflow-dag-processor")
POOL = ("roles", "update", "pool flights")
DAG = ("bundle", "update", "DAG flights.weather")
LACKS = "lacks the image tenants/health of this commit: the tenant stays as it was deployed"
FORBIDDEN = "operators: {forbidden: [email.send]}\n"


def turn_account(api: client.ApiClient) -> None:
    """Turn a switch of an account over, as somebody would by hand."""
    core, name = client.CoreV1Api(api), "airflow-dag-processor"
    now = core.read_namespaced_service_account(name, NAMESPACE).automount_service_account_token
    core.patch_namespaced_service_account(name, NAMESPACE, {"automountServiceAccountToken": not now})


def narrow_pool(airflow: ClusterDesk) -> None:
    """Leave the pool of a tenant one slot, as somebody would in Airflow."""
    place, only = f"http://{airflow.address}/api/v2/pools/flights", {"update_mask": "slots"}
    narrow = {"pool": "flights", "slots": 1, "include_deferred": False}
    asked = {"headers": bearer(airflow, "admin"), "timeout": 60, "trust_env": False}
    httpx.patch(place, params=only, json=narrow, **asked).raise_for_status()


def newest(deployed: Sandbox) -> int:
    """Return the number of the last deploy, which is over."""
    return int(json.loads(deployed.run("status", "--json").stdout)["deploys"][0]["number"])


def republished(deployed: Sandbox, *tenants: str) -> set[Planned]:
    """Return what another limit of each of *tenants* changes of what is published."""
    found = (path.split("/") for path in published_paths(deployed.root / ".aerodrome/bundles/sandbox.git"))
    return {("bundle", "update", _what(tenant, file)) for tenant, file in found if tenant in tenants}


def _what(tenant: str, file: str) -> str:
    return f"DAG {tenant}.{file.removesuffix('.py')}" if file.endswith(".py") else f"limits of {tenant}"


def test_a_reviewed_plan_is_applied_by_its_hash(deployed: Sandbox) -> None:
    """Its first digits are enough, and nobody is asked; nothing differs afterwards."""
    deployed.change_dag()
    digest, planned = deployed.reviewed()
    assert planned == {DAG}
    done = deployed.run("deploy", "--plan", digest[:12])
    assert done.returncode == 0 and "sandbox: 1 change made" in done.stdout, done.stdout + done.stderr
    drift = deployed.run("drift")
    assert drift.returncode == 0 and "sandbox: nothing differs" in drift.stdout, drift.stdout + drift.stderr


def test_status_tells_all_parts_on_one_page(deployed: Sandbox) -> None:
    """Nothing is wrong, and the last deploy is that of this commit."""
    done = deployed.run("status", "--json")
    found = json.loads(done.stdout)
    assert done.returncode == 0 and found["healthy"], found["wrong"]
    parts = {one["name"]: one["ready"] for one in found["components"]}
    assert parts["airflow-scheduler"] == parts["airflow-worker-pii"] == 1
    queues = {one["name"]: one["running"] for one in found["airflow"]["queues"]}
    assert queues == dict.fromkeys(("default", "pii", "onprem", "maintenance"), 0)
    assert found["deploys"][0]["commit"] == described(deployed.root)


def test_what_somebody_has_changed_is_drift(
    deployed: Sandbox, api: client.ApiClient, airflow: ClusterDesk
) -> None:
    """In the cluster and in Airflow; it was no deploy."""
    turn_account(api)
    narrow_pool(airflow)
    done = deployed.run("drift")
    assert done.returncode == 3 and changes(done.stdout) == {ACCOUNT, POOL}, done.stdout + done.stderr
    assert "what differs was changed beside the deploys" in done.stdout


def test_a_plan_of_what_has_moved_since_is_refused(deployed: Sandbox, api: client.ApiClient) -> None:
    """Nothing is changed; the next deploy brings back what somebody has changed."""
    deployed.change_dag()
    digest, planned = deployed.reviewed()
    assert planned == {DAG, ACCOUNT, POOL}
    turn_account(api)
    refused = deployed.run("deploy", "--plan", digest)
    assert refused.returncode == 2 and "something changed since it was made" in refused.stderr
    assert "- release: update ServiceAccount airflow-dag-processor" in refused.stderr
    assert deployed.planned() == {DAG, POOL}
    deployed.deploy()
    assert deployed.planned() == set()


def test_another_limit_of_a_tenant_is_what_follows_from_it(deployed: Sandbox, api: client.ApiClient) -> None:
    """Its DAGs, which name the policy, its pool and its quota, and nothing of anybody else."""
    deployed.edit(TENANT, lambda text: text.replace("parallelism: 2", "parallelism: 3"))
    quota = ("release", "update", "ResourceQuota tenant-health/health")
    planned = deployed.planned()
    assert planned == republished(deployed, "health") | {quota, ("roles", "update", "pool health")}
    assert f"sandbox: {len(planned)} changes made" in deployed.deploy()
    found = client.CoreV1Api(api).read_namespaced_resource_quota("health", "tenant-health")
    assert found.spec.hard["pods"] == "5" and deployed.planned() == set()


def test_another_policy_of_the_environment_is_told_of_every_tenant(deployed: Sandbox) -> None:
    """It changes what is published, and nothing restarts."""
    deployed.edit(ENVIRONMENT, lambda text: f"{text}\n{FORBIDDEN}")
    tenants = [path.name for path in (deployed.root / "tenants").iterdir()]
    planned = deployed.planned()
    assert len(planned) > len(tenants) and planned == republished(deployed, *tenants)
    assert f"sandbox: {len(planned)} changes made" in deployed.deploy()
    assert deployed.planned() == set()


def test_a_tenant_whose_image_is_not_there_stays_and_is_told(deployed: Sandbox) -> None:
    """The plan names it and what makes the image; another tenant is deployed beside it, and nothing of it changes."""
    code = "tenants/health/src/health/records.py"
    before = (deployed.root / code).read_text()
    deployed.edit(code, lambda text: f"{text}\nOTHER = 1\n")
    deployed.change_dag()
    told = deployed.run("plan", "--json")
    planned = json.loads(told.stdout)
    assert told.returncode == 2 and LACKS in told.stderr and "make images ENV=sandbox" in told.stderr
    assert planned["staying"] == ["health"] and [one["what"] for one in planned["changes"]] == [DAG[2]]
    done = deployed.run("deploy", "--plan", planned["digest"])
    assert done.returncode == 2 and LACKS in done.stderr and "sandbox: 1 change made" in done.stdout
    deployed.edit(code, lambda _: before)
    assert deployed.planned() == set()


def test_a_tenant_whose_tenant_yaml_breaks_keeps_all_it_has(deployed: Sandbox) -> None:
    """The plan takes nothing of it away, and another tenant is deployed beside it."""
    before = (deployed.root / TENANT).read_text()
    deployed.edit(TENANT, lambda text: text.replace("owners:", "owner:"))
    deployed.change_dag()
    done = deployed.run("deploy", "--yes")
    assert done.returncode == 2 and f"{TENANT}:" in done.stderr, done.stdout + done.stderr
    assert "stays as it was deployed: health" in done.stdout and "sandbox: 1 change made" in done.stdout
    deployed.edit(TENANT, lambda _: before)
    assert deployed.planned() == set()


def test_a_rollback_goes_to_an_older_deploy(deployed: Sandbox) -> None:
    """Over another one, with release and DAGs of then."""
    number, begun = newest(deployed), "\ndagProcessor:\n"
    deployed.change_dag()
    deployed.deploy()
    tried = f"{begun}  serviceAccount: {{annotations: {{tried: '1'}}}}\n"
    deployed.edit(VALUES, lambda text: text.replace(begun, tried))
    deployed.deploy()
    done = deployed.run("rollback", "--to", str(number))
    assert done.returncode == 0 and f"sandbox: went back to deploy {number} " in done.stdout, done.stderr
    assert deployed.planned() == {DAG, ACCOUNT}
    deployed.deploy()


def test_a_rollback_to_a_deploy_that_never_was_is_refused(deployed: Sandbox) -> None:
    """With the numbers of those that were; nothing is changed."""
    number = newest(deployed)
    done = deployed.run("rollback", "--to", "99")
    assert done.returncode == 2 and "there is no deploy 99" in done.stderr
    assert done.stderr.rstrip().endswith(f", {number - 1}, {number}")
    assert newest(deployed) == number and deployed.planned() == set()


def test_two_environments_are_compared_with_what_runs(deployed: Sandbox) -> None:
    """Of one release under two names nothing differs there; where nothing runs, that is said."""
    text = (deployed.root / ENVIRONMENT).read_text()
    for name, namespace in (("same", NAMESPACE), ("other", "nothing-there")):
        own = f"{text}cluster: {{namespace: {namespace}}}\n"
        deployed.edit(f"environments/{name}/environment.yaml", lambda _, own=own: own)
    ask = ("diff-env", "sandbox", "--live", "--json")
    same, other = (json.loads(deployed.repository.run(*ask, name).stdout) for name in ("same", "other"))
    assert not same["notes"] and "running" not in {one["part"] for one in same["differences"]}
    said = "other: nothing runs there and no deploy is on record: what runs is not compared"
    assert said in other["notes"]
    for name in ("same", "other"):
        shutil.rmtree(deployed.root / "environments" / name)
    deployed.commit()
