"""Airflow's Kubernetes executor makes each task's pod in the namespace of the task's tenant."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.providers.cncf.kubernetes.pod_generator import PodGenerator

TEMPLATE: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "template", "labels": {"aerodrome/tenant": "flights"}},
    "spec": {
        "serviceAccountName": "flights-default",
        "containers": [{"name": "base", "image": "platform"}, {"name": "tenant", "image": "flights"}],
    },
}


@pytest.fixture(autouse=True)
def _enforced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__AERODROME__ENFORCE_POLICY", "True")


def pod_for(dag_id: str, **changed: Any) -> Any:
    """Return the pod as the executor would create it, made from the template with *changed* parts."""
    spec = TEMPLATE["spec"] | changed.pop("spec", {})
    template = TEMPLATE | {"spec": spec} | changed
    return PodGenerator.construct_pod(
        dag_id=dag_id,
        task_id="load",
        pod_id="flights-load-1",
        try_number=1,
        kube_image="platform",
        date=None,
        args=["token"],
        pod_override_object=None,
        base_worker_pod=PodGenerator.deserialize_model_dict(template),
        namespace="airflow",
        scheduler_job_id="1",
        run_id="r",
        with_mutation_hook=True,
    )


def test_a_pod_comes_into_the_namespace_of_its_tenant() -> None:
    """With all that the template says, and the token in the platform's container alone."""
    pod = pod_for("flights.daily")
    assert (pod.metadata.namespace, pod.spec.service_account_name) == ("tenant-flights", "flights-default")
    assert [(one.name, one.args) for one in pod.spec.containers] == [("base", ["token"]), ("tenant", None)]


@pytest.mark.parametrize(
    ("dag_id", "changed", "said"),
    [
        ("health.daily", {}, r"'health.daily' was made for tenant 'flights'"),
        ("daily", {}, "was made for tenant 'flights'"),
        ("flights.daily", {"metadata": {"name": "template"}}, "was made for no tenant"),
        ("flights.daily", {"spec": {"shareProcessNamespace": True}}, "the task's token could be read"),
        ("flights.daily", {"spec": {"hostPID": True}}, "the task's token could be read"),
    ],
)
def test_another_tenants_pod_is_refused(dag_id: str, changed: dict[str, Any], said: str) -> None:
    """So is one whose containers see one another's processes: Airflow fails the task and says why."""
    with pytest.raises(Exception) as refused:
        pod_for(dag_id, **changed)
    assert type(refused.value).__name__ == "PodMutationHookException"
    assert said in str(refused.value.__cause__)
