"""On Kubernetes, what reaches a tenant's code or files runs in a pod of the tenant."""

from __future__ import annotations

from typing import Any

import pytest

CALL = "uses: python.call, with: {function: 'flights.jobs:run'}"
SQL = "uses: sql.query, with: {connection: warehouse, sql: select 1}"
POD = ("KubernetesExecutor", "/opt/aerodrome/pods/flights-{}.yaml")
WORKER = (None, None)


def tasks_of(workspace: Any, task: str) -> Any:
    """Return the rendered operator of the one *task*."""
    workspace.add_dag(f"dag_id: sample\ntasks: [{{id: a, {task}}}]\n")
    names: dict[str, Any] = {}
    exec(workspace.render()["flights/sample.py"], names)
    return names["dag"].get_task("a")


def placed(workspace: Any, task: str) -> tuple[str | None, str | None]:
    """Return executor and pod template of the one *task*."""
    made = tasks_of(workspace, task)
    assert set(made.executor_config) <= {"pod_template_file"}
    return made.executor, made.executor_config.get("pod_template_file")


@pytest.mark.parametrize(
    ("task", "zone"),
    [
        (CALL, "default"),
        (f"{CALL}, queue: pii", "pii"),
        ("uses: file.wait, with: {path: a.csv}", "default"),
        ("uses: bash.run, queue: pii, with: {script: 'true'}", "pii"),
    ],
)
def test_code_and_files_are_reached_in_a_pod_of_tenant_and_zone(workspace: Any, task: str, zone: str) -> None:
    """Made from the file of that tenant and zone."""
    workspace.on_kubernetes()
    assert placed(workspace, task) == (POD[0], POD[1].format(zone))


@pytest.mark.parametrize("task", [SQL, "uses: flow.empty", f"{CALL}, queue: onprem"])
def test_other_tasks_and_those_of_hosts_stay_with_workers(workspace: Any, task: str) -> None:
    """A shared Celery pod runs what executes nothing of a tenant; a host has the launcher."""
    workspace.on_kubernetes()
    assert placed(workspace, task) == WORKER


def test_without_kubernetes_there_are_no_pods(workspace: Any) -> None:
    """ENV=local renders neither executor nor its settings."""
    assert placed(workspace, CALL) == WORKER


def test_a_mapped_task_has_its_pods_too(workspace: Any) -> None:
    """Every copy of it."""
    workspace.on_kubernetes()
    said = tasks_of(workspace, f"{CALL}, expand: {{args: [{{n: 1}}, {{n: 2}}]}}").partial_kwargs
    assert said["executor"] == POD[0]
    assert said["executor_config"] == {"pod_template_file": POD[1].format("default")}


def test_the_check_knows_the_executor(workspace: Any) -> None:
    """What is rendered for Kubernetes is fit to publish."""
    from aerodrome.check.rendered import check_rendered
    from aerodrome.render.tenant import render_tenant

    workspace.on_kubernetes()
    workspace.add_dag(f"dag_id: sample\ntasks: [{{id: a, {CALL}}}]\n")
    tenant, environment, _ = workspace.load()
    assert check_rendered(render_tenant(tenant, environment, "0123456789abcdef")) == ()
