"""What holds for all pods of the defaults, of a release with everything on, and of every example."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from held_secrets import held_without_need
from pod_security import faults

Check = Callable[[Any], Iterator[str]]
SEVERAL = ("api-server", "dag-processor", "entrance", "pgbouncer", "scheduler", "triggerer", "worker")
ASK_THE_CLUSTER = ("airflow-cleanup-pods", "api-server", "orphans", "scheduler")
EXEMPT: dict[tuple[str, str], str] = {
    ("secrets", "airflow-2"): "workers of Airflow 2 cannot run without the database and its keys",
    ("read_only", "company-policy"): "the example shows how a reason is given for what writes elsewhere",
    ("temporary", "company-policy"): "where the image is writable, so is its /tmp",
    ("read_only", "airflow-2"): "Airflow 2 writes files of its own into its home",
    ("temporary", "airflow-2"): "where the image is writable, so is its /tmp",
    ("logs", "airflow-2"): "where the image is writable, so is its folder of logs",
    (
        "probes",
        "worker worker",
    ): "it would serve logs, for which it lacks the key, so that nobody listens at its port",
    ("spread", "worker Task"): "task pods are not replicas of one another",
    ("temporary", "worker secrets"): "the agent keeps nothing: it listens at a socket in a volume of its own",
    ("temporary", "worker logs"): "what sends logs keeps notes in their volume, and writes nothing else",
}
"""Check, and component with container or kind, or an example → why it need not be so."""


def read_only(pod: Any) -> Iterator[str]:
    """No container writes into its image."""
    for one in pod.containers():
        if one["securityContext"].get("readOnlyRootFilesystem") is not True:
            yield f"{pod.component} {one['name']}"


def temporary(pod: Any) -> Iterator[str]:
    """Every container has a /tmp, since programs write there whatever they do."""
    for one in pod.containers():
        if "/tmp" not in {mount["mountPath"] for mount in one.get("volumeMounts", ())}:
            yield f"{pod.component} {one['name']}"


def logs(pod: Any) -> Iterator[str]:
    """Every container that runs Airflow may write logs."""
    for one in pod.containers():
        homes = [variable["value"] for variable in one.get("env", ()) if variable["name"] == "AIRFLOW_HOME"]
        if homes and f"{homes[0]}/logs" not in {mount["mountPath"] for mount in one["volumeMounts"]}:
            yield f"{pod.component} {one['name']}"


def resources(pod: Any) -> Iterator[str]:
    """Every container says what it asks for and what it may use."""
    for one in pod.containers():
        given = one.get("resources") or {}
        if not all({"cpu", "memory"} <= given.get(part, {}).keys() for part in ("requests", "limits")):
            yield f"{pod.component} {one['name']}"


def probes(pod: Any) -> Iterator[str]:
    """What listens is asked whether it still answers."""
    for one in pod.spec["containers"]:
        if one.get("ports") and not {"livenessProbe", "readinessProbe"} & one.keys():
            yield f"{pod.component} {one['name']}"


def token(pod: Any) -> Iterator[str]:
    """Only those who ask the cluster's API hold a token for it."""
    if pod.spec.get("automountServiceAccountToken") is not False and pod.component not in ASK_THE_CLUSTER:
        yield pod.component


def spread(pod: Any) -> Iterator[str]:
    """Components that may have several pods have them on different nodes in different zones, where they can."""
    if pod.component in SEVERAL and not pod.spec.get("topologySpreadConstraints"):
        yield f"{pod.component} {pod.owner}"


def restricted(pod: Any) -> Iterator[str]:
    """Every pod passes Kubernetes' level of that name."""
    yield from (f"{pod}: {fault}" for fault in faults(pod.spec))


def secrets(pod: Any) -> Iterator[str]:
    """No container holds a secret of Airflow's that its component does not need."""
    yield from held_without_need(pod.component, pod.spec)


CHECKS: dict[str, Check] = {
    check.__name__: check
    for check in (restricted, secrets, read_only, temporary, logs, resources, probes, token, spread)
}


@pytest.mark.parametrize("check", CHECKS)
def test_every_pod_is_as_the_policy_asks(every_pod: list[Any], check: str) -> None:
    """But for what is exempt, with a reason."""
    found = {(line, pod.example) for pod in every_pod for line in CHECKS[check](pod)}
    assert sorted(line for line, example in found if not exempt(check, line, example)) == []


def exempt(check: str, line: str, example: str) -> bool:
    """Return whether there is a reason for a line of a check."""
    return (check, line) in EXEMPT or (check, example) in EXEMPT


def test_the_pods_of_all_components_are_looked_at(every_pod: list[Any]) -> None:
    """Also those that the scheduler makes, with all their containers."""
    assert {"base", "tenant", "git-sync", "worker-kerberos"} <= {
        one["name"] for pod in every_pod for one in pod.containers()
    }
    assert {pod.component for pod in every_pod} >= {
        *SEVERAL,
        "postgresql",
        "redis",
        "statsd",
        "roles",
        "orphans",
    }


def test_no_exemption_is_left_over(every_pod: list[Any]) -> None:
    """What is mended is held from then on."""
    found = set()
    for pod in every_pod:
        lines = {(name, line) for name, check in CHECKS.items() for line in check(pod)}
        found |= lines | {(name, pod.example) for name, _ in lines}
    assert EXEMPT.keys() <= found


def test_pods_are_spread_among_those_of_their_own_kind(every_pod: list[Any]) -> None:
    """A set of workers is spread by itself, not together with the others."""
    (worker,) = {str(pod): pod for pod in every_pod if pod.name == "rel-worker-pii"}.values()
    zones, nodes = worker.spec["topologySpreadConstraints"]
    assert (zones["topologyKey"], nodes["topologyKey"]) == (
        "topology.kubernetes.io/zone",
        "kubernetes.io/hostname",
    )
    labels = zones["labelSelector"]["matchLabels"]
    assert labels == {"tier": "airflow", "component": "worker", "release": "rel", "worker-set": "pii"}


def test_without_the_kubernetes_executor_no_pod_holds_a_token(pods_of: Callable[..., list[Any]]) -> None:
    """Celery's scheduler and API server do not ask the cluster."""
    assert {pod.spec["automountServiceAccountToken"] for pod in pods_of()} == {False}


def test_with_it_those_hold_one_who_make_pods_and_read_their_logs(pods_of: Callable[..., list[Any]]) -> None:
    """The pods of tasks do not."""
    pods = pods_of(executor="KubernetesExecutor", **{"cleanup.enabled": True})
    holders = {pod.component for pod in pods if pod.spec.get("automountServiceAccountToken") is not False}
    assert holders == {"scheduler", "api-server", "airflow-cleanup-pods"}


def test_no_limit_is_below_what_is_asked_for(every_pod: list[Any]) -> None:
    """Kubernetes refuses such a pod."""
    for one in (one for pod in every_pod for one in pod.containers()):
        for name in ("cpu", "memory"):
            asked, most = (quantity(one["resources"][part][name]) for part in ("requests", "limits"))
            assert asked <= most, one["name"]


def quantity(text: object) -> float:
    """Return a quantity as Kubernetes writes it as a number."""
    found = re.fullmatch(r"([0-9.]+)(m|[KMG]i)?", str(text))
    assert found
    factors = {"m": 0.001, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}
    return float(found[1]) * (factors[found[2]] if found[2] else 1)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"requests": {"memory": "8Gi"}}, {"requests": {"memory": "8Gi"}, "limits": {"memory": "8Gi"}}),
        ({"requests": {"memory": "1Gi"}}, {"requests": {"memory": "1Gi"}, "limits": {"memory": "2Gi"}}),
        ({"limits": {"memory": "300M"}}, {"requests": {"memory": "300M"}, "limits": {"memory": "300M"}}),
        ({"limits": {"nvidia.com/gpu": "1"}}, {"limits": {"nvidia.com/gpu": "1", "memory": "2Gi"}}),
    ],
)
def test_a_part_of_the_resources_is_completed(
    pods_of: Callable[..., list[Any]], given: dict[str, Any], wanted: dict[str, Any]
) -> None:
    """From what the policy gives by name, which is 512Mi and 2Gi here; nothing given is changed."""
    (pod,) = [pod for pod in pods_of(**{"apiServer.resources": given}) if pod.component == "api-server"]
    found = pod.spec["containers"][0]["resources"]
    assert all(found[part].items() >= names.items() for part, names in wanted.items())


def test_a_container_that_the_values_add_gets_resources_by_its_name(
    pods_of: Callable[..., list[Any]],
) -> None:
    """deploymentPolicy.resources may name containers that the chart does not know."""
    own = {"name": "shipper", "image": "redis:7"}
    small = {"requests": {"cpu": "5m", "memory": "8Mi"}, "limits": {"cpu": "10m", "memory": "16Mi"}}
    pods = pods_of(**{"apiServer.extraContainers": [own], "deploymentPolicy.resources.shipper": small})
    (pod,) = [pod for pod in pods if pod.component == "api-server"]
    assert pod.spec["containers"][1]["resources"] == small
    assert pod.spec["containers"][1]["securityContext"]["readOnlyRootFilesystem"] is True
