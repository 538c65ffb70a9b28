"""What a default install starts passes the Kubernetes level "restricted"."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Pods = Callable[..., list[Any]]
EVERYTHING: dict[str, Any] = {
    "executor": "CeleryExecutor,KubernetesExecutor",
    "flower.enabled": True,
    "pgbouncer.enabled": True,
    "cleanup.enabled": True,
    "databaseCleanup.enabled": True,
    "dags.gitSync.enabled": True,
}


def test_every_pod_runs_as_another_user_than_root_under_a_seccomp_profile(pods_of: Pods) -> None:
    """Redis too, which the official chart runs as root."""
    contexts = {pod.component or pod.owner: pod.spec["securityContext"] for pod in pods_of(**EVERYTHING)}
    weak = [
        name
        for name, context in contexts.items()
        if not context.get("runAsNonRoot")
        or context.get("runAsUser") == 0
        or context["seccompProfile"]["type"] != "RuntimeDefault"
    ]
    assert weak == []


def test_no_container_can_gain_rights(pods_of: Pods) -> None:
    """No escalation and no capability, in the containers of git-sync as well."""
    contexts = [
        (one["name"], one["securityContext"]) for pod in pods_of(**EVERYTHING) for one in pod.containers()
    ]
    weak = [
        name
        for name, context in contexts
        if context["allowPrivilegeEscalation"]
        or context["capabilities"] != {"drop": ["ALL"]}
        or context.get("runAsUser") == 0
    ]
    assert weak == []


def test_what_the_values_say_themselves_stays(pods_of: Pods) -> None:
    """A context that is given is completed, not replaced."""
    given = {"container": {"capabilities": {"drop": ["NET_RAW"]}}, "pod": {"runAsUser": 70000}}
    (server,) = [
        pod for pod in pods_of(**{"apiServer.securityContexts": given}) if pod.component == "api-server"
    ]
    assert server.spec["containers"][0]["securityContext"]["capabilities"] == {"drop": ["NET_RAW"]}
    assert server.spec["securityContext"]["runAsUser"] == 70000


def test_large_numbers_of_users_are_written_as_whole_numbers(pods_of: Pods) -> None:
    """OpenShift gives users of ten digits, which a template would print as 1.00062e+09."""
    contexts = [
        pod.spec["securityContext"]
        for pod in pods_of(uid=1000620000, gid=1000620000)
        if pod.component == "api-server"
    ]
    assert contexts[0]["runAsUser"] == contexts[0]["fsGroup"] == 1000620000


def test_no_probe_holds_an_empty_field(pods_of: Pods) -> None:
    """Kubernetes takes null for a value that was set and forgotten."""
    probes = [
        one.get(kind, {})
        for pod in pods_of(**EVERYTHING)
        for one in pod.containers()
        for kind in ("livenessProbe", "readinessProbe")
    ]
    assert [probe for probe in probes if None in probe.values()] == []
