"""What the Kubernetes level "restricted" asks; what the values say about contexts is completed to that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pod_security import faults, rules

Pods = Callable[..., list[Any]]
SAFE: dict[str, Any] = {
    "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
    "containers": [
        {
            "name": "main",
            "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        }
    ],
}
WINDOWS = {"windowsOptions": {"hostProcess": True}}
UNSAFE: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "host processes": ({"securityContext": WINDOWS}, {}),
    "host namespaces": ({"hostPID": True}, {}),
    "privileged containers": ({}, {"privileged": True}),
    "capabilities that are added": ({}, {"capabilities": {"drop": ["ALL"], "add": ["CHOWN"]}}),
    "capabilities that are dropped": ({}, {"capabilities": {"drop": ["NET_RAW"]}}),
    "host ports": ({"containers": [{"name": "main", "ports": [{"hostPort": 80}]}]}, {}),
    "hosts of probes and hooks": (
        {"containers": [{"name": "main", "livenessProbe": {"httpGet": {"host": "10.0.0.1"}}}]},
        {},
    ),
    "AppArmor": ({}, {"appArmorProfile": {"type": "Unconfined"}}),
    "type of SELinux": ({}, {"seLinuxOptions": {"type": "spc_t"}}),
    "user and role of SELinux": ({}, {"seLinuxOptions": {"user": "system_u"}}),
    "mounts of /proc": ({}, {"procMount": "Unmasked"}),
    "sysctls": ({"securityContext": {"sysctls": [{"name": "kernel.msgmax", "value": "1"}]}}, {}),
    "kinds of volumes": ({"volumes": [{"name": "a", "hostPath": {"path": "/"}}]}, {}),
    "gaining rights": ({}, {"allowPrivilegeEscalation": True}),
    "running as another user than root": ({}, {"runAsNonRoot": False}),
    "user": ({"securityContext": {"runAsUser": 0}}, {}),
    "seccomp of containers": ({}, {"seccompProfile": {"type": "Unconfined"}}),
    "seccomp of the pod": ({"securityContext": {"seccompProfile": {"type": "Unconfined"}}}, {}),
}
"""Rule → what of a pod, and what of its container's context, is against it."""


def test_a_pod_with_what_the_level_asks_passes_it() -> None:
    """The level asks for these four settings and no others."""
    assert faults(SAFE) == []


@pytest.mark.parametrize("rule", UNSAFE)
def test_each_rule_of_the_level_finds_what_is_against_it(rule: str) -> None:
    """In the pod and in its containers."""
    of_pod, of_container = UNSAFE[rule]
    (container,) = of_pod.get("containers", SAFE["containers"])
    context = SAFE["containers"][0]["securityContext"] | of_container
    pod = SAFE | of_pod | {"containers": [{**container, "securityContext": context}]}
    pod["securityContext"] = SAFE["securityContext"] | of_pod.get("securityContext", {})
    assert any(line.startswith(f"{rule}: ") for line in faults(pod))


def test_each_rule_has_such_a_pod() -> None:
    """None of them passes everything unseen."""
    assert {rule["rule"] for rule in rules()} == UNSAFE.keys()


def test_the_profile_of_the_official_chart_does_not(pods_of: Pods) -> None:
    """So that the level is seen to come from the policy."""
    official = pods_of(**{"deploymentPolicy.profile": "official"})
    assert {pod.component for pod in official if faults(pod.spec)} >= {"redis", "scheduler", "worker"}


def test_what_the_values_say_themselves_stays(pods_of: Pods) -> None:
    """A context that is given is completed, not replaced."""
    given = {"container": {"runAsGroup": 70001}, "pod": {"runAsUser": 70000}}
    (server,) = [
        pod for pod in pods_of(**{"apiServer.securityContexts": given}) if pod.component == "api-server"
    ]
    context = server.spec["containers"][0]["securityContext"]
    assert context["runAsGroup"] == 70001 and context["capabilities"] == {"drop": ["ALL"]}
    assert server.spec["securityContext"]["runAsUser"] == 70000


def test_large_numbers_of_users_are_written_as_whole_numbers(pods_of: Pods) -> None:
    """OpenShift gives users of ten digits, which a template would print as 1.00062e+09."""
    contexts = [
        pod.spec["securityContext"]
        for pod in pods_of(uid=1000620000, gid=1000620000)
        if pod.component == "api-server"
    ]
    assert contexts[0]["runAsUser"] == contexts[0]["fsGroup"] == 1000620000


def test_a_pod_template_that_the_values_give_is_completed_too(pods_of: Pods) -> None:
    """It is the users' own text, and runs tasks all the same."""
    text = "spec: {containers: [{name: base, image: apache/airflow:3.3.2}], volumes: []}\nmetadata: {name: a}"
    (task,) = [pod for pod in pods_of(executor="KubernetesExecutor", podTemplate=text) if pod.owner == "Task"]
    assert faults(task.spec) == []
    assert task.spec["containers"][0]["resources"]["limits"]["memory"] == "1Gi"
