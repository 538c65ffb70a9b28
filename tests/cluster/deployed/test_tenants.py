"""A tenant comes to a real cluster and leaves it: what the plan names, and what is there afterwards."""

from __future__ import annotations

import shutil

import pytest
from aerodrome.local.machine.deadline import wait_until
from kubernetes import client
from sandbox import Planned, Sandbox

pytestmark = pytest.mark.usefixtures("first")
NAME = "crops"
FOLDER = f"tenants/{NAME}"
GONE_SECONDS = 300
TOLD_OF_IT = {("release", "update", "Deployment airflow-scheduler")}
"""Who starts pods for tasks mounts what those of each tenant look like."""


def of_others(planned: set[Planned]) -> set[Planned]:
    """Return what a plan changes beside what bears the tenant's name."""
    return {change for change in planned if NAME not in change[2]}


def namespaces(api: client.ApiClient) -> dict[str, str]:
    """Return tenant → phase of the namespace."""
    found = client.CoreV1Api(api).list_namespace(label_selector="aerodrome/tenant").items
    return {each.metadata.labels["aerodrome/tenant"]: each.status.phase for each in found}


def test_a_new_tenant_is_what_bears_its_name(deployed: Sandbox, api: client.ApiClient) -> None:
    """Nothing else is changed, and nothing restarted, but for what starts its pods."""
    done = deployed.repository.run("tenant", NAME)
    assert done.returncode == 0, done.stdout + done.stderr
    deployed.commit()
    done = deployed.run("images")
    assert done.returncode == 0, done.stdout + done.stderr
    planned = deployed.planned()
    assert of_others(planned) == TOLD_OF_IT
    assert {change[0] for change in planned} == {"release", "roles", "bundle"}
    deployed.deploy()
    assert namespaces(api)[NAME] == "Active" and deployed.planned() == set()


def test_a_tenant_that_left_is_taken_off_by_name_alone(deployed: Sandbox, api: client.ApiClient) -> None:
    """Without it nothing is changed; what it has written stays, and the plan says how to remove that."""
    shutil.rmtree(deployed.root / FOLDER)
    deployed.commit()
    planned = deployed.planned()
    assert of_others(planned) == TOLD_OF_IT
    refused = deployed.run("deploy", "--yes")
    assert refused.returncode == 2 and f"CONFIRM={NAME}" in refused.stdout + refused.stderr
    assert deployed.planned() == planned
    deployed.deploy("--confirm", NAME)
    told = deployed.run("plan")
    assert (
        "nothing to change" in told.stdout and f"make remove-tenant TENANT={NAME} ENV=sandbox" in told.stdout
    )
    assert namespaces(api)[NAME] == "Active"


def test_what_a_tenant_has_written_goes_by_a_command_of_its_own(
    deployed: Sandbox, api: client.ApiClient
) -> None:
    """Airflow's history of its DAGs and its namespace; nobody else's."""
    others = set(namespaces(api)) - {NAME}
    done = deployed.run("remove-tenant", NAME, "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "DAG" in done.stdout and f"deleted namespace tenant-{NAME}" in done.stdout + done.stderr
    assert wait_until(lambda: set(namespaces(api)) == others, GONE_SECONDS)
    told = deployed.run("plan")
    assert "nothing to change" in told.stdout and NAME not in told.stdout
    again = deployed.run("remove-tenant", NAME, "--yes")
    assert again.returncode == 2 and f"no removed tenant '{NAME}'" in again.stderr


def test_a_changed_chart_is_the_objects_that_it_changes(deployed: Sandbox, api: client.ApiClient) -> None:
    """Of all templates one was edited; the values are as they were."""
    account = "helm/airflow/templates/scheduler/scheduler-serviceaccount.yaml"
    deployed.edit(account, lambda text: text.replace('"leaveTokenToPod" true)', '"leaveTokenToPod" false)'))
    assert deployed.planned() == {("release", "update", "ServiceAccount airflow-scheduler")}
    deployed.deploy()
    assert deployed.planned() == set()
    found = client.CoreV1Api(api).read_namespaced_service_account("airflow-scheduler", "airflow")
    assert found.automount_service_account_token is True
