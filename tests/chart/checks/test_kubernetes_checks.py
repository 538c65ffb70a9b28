"""Checks of the class of kube-linter's and checkov's on the defaults and every example; who is excused has a reason."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import chart_hardening
import chart_relations
import pytest
from chart_relations import Release
from chart_releases import EXAMPLES, PROFILES

Objects = Callable[..., tuple[Any, ...]]
Releases = dict[str, list[Release]]
CHECKS = {check.__name__: check for check in (*chart_relations.CHECKS, *chart_hardening.CHECKS)}
EXCUSED: dict[tuple[str, str], str] = {
    ("accounts_of_the_namespace", r"^StatefulSet \S+-postgresql: "): (
        "the small server for trials asks the cluster for nothing"
    ),
    ("rights_to_secrets", r"^Role \S+-pod-launcher-role: may create, get pods/exec$"): (
        "Airflow fetches what a pod returns out of the pod, which is an exec"
    ),
    ("rights_in_the_whole_cluster", r"^ClusterRole(Binding)? \S+-orphans: "): (
        "the report of what tenants left looks for namespaces whose tenant is gone"
    ),
    ("services_for_everybody", r"^Service airflow/rel-entrance: LoadBalancer$"): (
        "the entrance is for workers outside: an internal address, certificates of clients, named networks"
    ),
    ("references", r"^StatefulSet \S+: names Secret rel-kerberos-keytab"): (
        "who gives no keytab in the values makes the secret of that name, as with the official chart"
    ),
    ("selectors_that_two_workloads_share", r"/rel-(worker|triggerer|dag-processor): selects the pods of "): (
        "the labels are the official chart's, and a selector cannot change; a pod names who made it, so nobody takes "
        "another's, and check-values.yaml refuses autoscalers of both"
    ),
}
"""Check and pattern of its line → why it may stay."""


def excused(check: str, line: str) -> bool:
    """Return whether a line of a check has a reason to stay."""
    return any(name == check and re.search(pattern, line) for name, pattern in EXCUSED)


@pytest.fixture(scope="module")
def releases(release: Objects) -> dict[str, list[Release]]:
    """The releases of all examples, by profile."""
    return {profile: [Release(release(each, profile)) for each in EXAMPLES] for profile in PROFILES}


@pytest.mark.parametrize("check", CHECKS)
def test_no_example_has_what_the_check_looks_for(releases: Releases, check: str) -> None:
    """But for what is excused."""
    found = {line for each in releases["company"] for line in CHECKS[check](each)}
    assert sorted(line for line in found if not excused(check, line)) == []


@pytest.mark.parametrize("check", [check.__name__ for check in chart_relations.CHECKS])
def test_in_the_official_profile_objects_fit_each_other_too(releases: Releases, check: str) -> None:
    """What is hard or soft there is the official chart's choice, what leads nowhere is a mistake."""
    found = {line for each in releases["official"] for line in CHECKS[check](each)}
    assert sorted(line for line in found if not excused(check, line)) == []


def test_every_excuse_has_an_occasion(releases: Releases) -> None:
    """One that has none is removed."""
    every = [each for found in releases.values() for each in found]
    lines = {name: [line for each in every for line in CHECKS[name](each)] for name, _ in EXCUSED}
    assert [key for key in EXCUSED if not any(re.search(key[1], line) for line in lines[key[0]])] == []


def pod(**spec: Any) -> dict[str, Any]:
    """Return a deployment of one container with these keys."""
    container = {"name": "main", "image": "registry.example.org/a:1", **spec}
    labels = {"matchLabels": {"app": "a"}}
    template = {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [container]}}
    return {
        "kind": "Deployment",
        "metadata": {"name": "a"},
        "spec": {"selector": labels, "template": template},
    }


def bound(kind: str, **more: Any) -> dict[str, Any]:
    """Return an object of *kind* called rel-b."""
    return {"kind": kind, "metadata": {"name": "rel-b", "labels": {}}, **more}


FAULTY: dict[str, dict[str, Any]] = {
    "selectors_of_their_own_pods": pod()
    | {"spec": pod()["spec"] | {"selector": {"matchLabels": {"app": "b"}}}},
    "selectors_that_find_nothing": bound(
        "NetworkPolicy", spec={"podSelector": {"matchLabels": {"app": "b"}}}
    ),
    "ports_of_services": bound("Service", spec={"selector": {"app": "a"}, "ports": [{"port": 80}]}),
    "ports_of_probes": pod(livenessProbe={"httpGet": {"port": "http"}}),
    "names_taken_twice": pod(env=[{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]),
    "mounts_of_volumes": pod(volumeMounts=[{"name": "logs", "mountPath": "/logs"}]),
    "references": pod(envFrom=[{"secretRef": {"name": "rel-gone"}}]),
    "targets": bound("ScaledObject", spec={"scaleTargetRef": {"name": "rel-gone"}}),
    "images_without_a_version": pod(image="registry.example.org:5000/a"),
    "parts_of_the_node": pod(ports=[{"containerPort": 8080, "hostPort": 8080}]),
    "ports_of_the_system": pod(ports=[{"containerPort": 443}]),
    "secrets_in_plain_text": pod(env=[{"name": "DB_PASSWORD", "value": "1"}]),
    "accounts_of_the_namespace": pod(),
    "rights_to_everything": bound("Role", rules=[{"apiGroups": [""], "resources": ["pods"], "verbs": ["*"]}]),
    "rights_to_secrets": bound(
        "Role", rules=[{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}]
    ),
    "rights_in_the_whole_cluster": bound("ClusterRole", rules=[]),
    "services_for_everybody": bound("Service", spec={"type": "NodePort"}),
}


@pytest.mark.parametrize("check", FAULTY)
def test_the_check_finds_what_it_looks_for(check: str) -> None:
    """In an object that has it, beside one that has not."""
    assert list(CHECKS[check](Release((FAULTY[check], pod()))))


def test_autoscalers_that_find_the_same_pods_are_found() -> None:
    """Two of one workload; one of another is well."""
    scaler = {"kind": "ScaledObject", "metadata": {"name": "s"}, "spec": {"scaleTargetRef": {"name": "a"}}}
    check = CHECKS["autoscalers_of_the_same_pods"]
    assert list(check(Release((pod(), scaler)))) == []
    assert len(list(check(Release((pod(), scaler, scaler | {"kind": "HorizontalPodAutoscaler"}))))) == 1


def test_budgets_that_hold_the_same_pods_are_found() -> None:
    """Unless one of them leaves out what the other holds."""
    budget = {
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "b"},
        "spec": {"selector": {"matchLabels": {"app": "a"}}},
    }
    shuns = {"matchLabels": {}, "matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]}
    check = CHECKS["budgets_of_the_same_pods"]
    assert list(check(Release((pod(), budget, budget | {"spec": {"selector": shuns}})))) == []
    assert len(list(check(Release((pod(), budget, budget))))) == 1
