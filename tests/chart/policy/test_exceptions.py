"""What the policy forbids is refused with key, problem and remedy, and accepted where an exception gives a reason."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pod_security import faults

Refusal = Callable[..., str]
Pods = Callable[..., list[Any]]
SIDECAR = {"name": "shipper", "image": "redis:7"}
HOST = {"name": "node", "hostPath": {"path": "/var/log"}}
SECRET = [{"envName": "MINE", "secretName": "r-metadata", "secretKey": "connection"}]
FORBIDDEN: list[tuple[str, str, dict[str, Any], str]] = [
    (
        "nonRoot",
        "redis",
        {"redis.securityContexts.pod.runAsUser": 0},
        "redis.securityContexts: runAsUser is 0",
    ),
    (
        "nonRoot",
        "worker",
        {"workers.securityContexts.pod.runAsNonRoot": False},
        "workers.securityContexts: runAsNonRoot is false; leave it out",
    ),
    (
        "nonRoot",
        "triggerer",
        {"triggerer.persistence.fixPermissions": True},
        "triggerer.persistence.fixPermissions",
    ),
    (
        "readOnlyRootFilesystem",
        "statsd",
        {"statsd.securityContexts.container.readOnlyRootFilesystem": False},
        "statsd.securityContexts (container statsd): readOnlyRootFilesystem is false; mount a volume",
    ),
    (
        "seccomp",
        "scheduler",
        {"scheduler.securityContexts.pod.seccompProfile": {"type": "Unconfined"}},
        "seccompProfile.type is Unconfined",
    ),
    (
        "privilegeEscalation",
        "worker",
        {
            "kerberos.enabled": True,
            "workers.kerberosSidecar": {
                "enabled": True,
                "securityContexts": {"container": {"allowPrivilegeEscalation": True}},
            },
        },
        "workers.kerberosSidecar.securityContexts (container worker-kerberos): allowPrivilegeEscalation is true",
    ),
    (
        "capabilities",
        "scheduler",
        {"scheduler.logGroomerSidecar.securityContexts.container.capabilities": {"add": ["SYS_ADMIN"]}},
        "scheduler.logGroomerSidecar.securityContexts (container scheduler-log-groomer): capabilities.add names SYS",
    ),
    (
        "hostAccess",
        "api-server",
        {"apiServer.extraContainers": [{**SIDECAR, "securityContext": {"privileged": True}}]},
        "apiServer.extraContainers[shipper].securityContexts (container shipper): privileged is true",
    ),
    (
        "hostAccess",
        "worker",
        {"workers.extraPorts": [{"name": "x", "containerPort": 80, "hostPort": 80}]},
        "hostPort 80",
    ),
    (
        "volumes",
        "dag-processor",
        {"dagProcessor.extraVolumes": [HOST]},
        "volume node is of the kind hostPath",
    ),
    (
        "probes",
        "api-server",
        {"apiServer.extraContainers": [{**SIDECAR, "ports": [{"containerPort": 9000}]}]},
        "has ports and no probe; add a readinessProbe",
    ),
    (
        "images",
        "redis",
        {"images.redis.repository": "ghcr.io/redis"},
        "images.redis: image ghcr.io/redis:7.2-bookworm",
    ),
    (
        "gracefulTermination",
        "worker",
        {"workers.terminationGracePeriodSeconds": 60},
        "workers.terminationGracePeriodSeconds: is 60",
    ),
    (
        "secrets",
        "worker",
        {"workers.env": [{"name": "AIRFLOW__CORE__FERNET_KEY", "value": "x"}]},
        "workers.env",
    ),
    (
        "secrets",
        "worker",
        {"secret": SECRET, "flower.enabled": False},
        "workers.env (container worker): MINE is a secret",
    ),
    (
        "secrets",
        "worker",
        {"workers.extraVolumes": [{"name": "keys", "secret": {"secretName": "r-jwt-secret"}}]},
        "volume keys holds the secret r-jwt-secret",
    ),
    (
        "secrets",
        "worker",
        {"config.core.fernet_key": "x"},
        "config.core.fernet_key: airflow.cfg is in every pod",
    ),
]
"""Rule, component, values that are against it, and what is said."""


@pytest.mark.parametrize(("rule", "component", "values", "said"), FORBIDDEN)
def test_what_the_policy_forbids_is_refused(
    refusal: Refusal, rule: str, component: str, values: dict[str, Any], said: str
) -> None:
    """With the key, what is wrong there, and where a reason would be given."""
    text = refusal(**values)
    assert said in text and "goTemplate" not in text
    known = said.endswith("fixPermissions")
    assert known or f"deploymentPolicy.exceptions.{rule}.{component}" in text


@pytest.mark.parametrize(("rule", "component", "values", "said"), FORBIDDEN)
def test_with_a_reason_it_is_accepted(
    pods_of: Pods, rule: str, component: str, values: dict[str, Any], said: str
) -> None:
    """The pods of the component tell the reason."""
    reason = {f"deploymentPolicy.exceptions.{rule}.{component}": f"The old house wants it, {rule}."}
    told = {
        pod.annotations.get("aerodrome/policy-exceptions", "")
        for pod in pods_of(**values, **reason)
        if pod.component == component
    }
    assert told == {f"{rule}: The old house wants it, {rule}."}


def test_who_may_be_root_to_give_a_volume_away_may_do_that_and_no_more(pods_of: Pods) -> None:
    """Without the capability, root itself could not."""
    reason = {"deploymentPolicy.exceptions.nonRoot.triggerer": "The storage knows no groups."}
    pods = pods_of(**{"triggerer.persistence.fixPermissions": True}, **reason)
    (pod,) = [pod for pod in pods if pod.component == "triggerer"]
    context = pod.spec["initContainers"][0]["securityContext"]
    assert context["runAsUser"] == 0
    assert context["capabilities"] == {"drop": ["ALL"], "add": ["CHOWN", "DAC_OVERRIDE"]}


def test_a_rule_can_be_switched_off_for_all_with_one_reason(pods_of: Pods) -> None:
    """Of the level "restricted", everything but that then holds."""
    off = {"deploymentPolicy.exceptions.seccomp.all": "The nodes have no seccomp."}
    found = {line for pod in pods_of(**off) for line in faults(pod.spec)}
    assert found and {line.partition(":")[0] for line in found} == {"seccomp of containers"}


EXCEPTED: dict[str, Callable[[Any], bool]] = {
    "readOnlyRootFilesystem": lambda pod: (
        "readOnlyRootFilesystem" not in pod.spec["containers"][0]["securityContext"]
    ),
    "resources": lambda pod: pod.spec["containers"][0]["resources"] == {},
    "serviceAccountToken": lambda pod: "automountServiceAccountToken" not in pod.spec,
    "topologySpread": lambda pod: pod.spec["topologySpreadConstraints"] == [],
    "secrets": lambda pod: "AIRFLOW__CORE__FERNET_KEY" in str(pod.spec["containers"][0]["env"]),
}


@pytest.mark.parametrize("rule", EXCEPTED)
def test_an_exception_leaves_the_component_as_its_values_say(pods_of: Pods, rule: str) -> None:
    """And no other component."""
    pods = pods_of(**{f"deploymentPolicy.exceptions.{rule}.worker": "Its tasks cannot do otherwise."})
    (worker,) = [pod for pod in pods if pod.component == "worker"]
    assert EXCEPTED[rule](worker)
    others = [pod for pod in pods if pod.component in ("flower", "statsd", "redis")]
    assert {rule in pod.annotations.get("aerodrome/policy-exceptions", "") for pod in others} == {False}


@pytest.mark.parametrize("program", ["helm3", "helm4"])
@pytest.mark.parametrize("reason", ["", "  "])
def test_an_exception_without_a_reason_is_refused(refusal: Refusal, program: str, reason: str) -> None:
    """A switch that nobody explains is forgotten."""
    said = refusal(program=program, **{"deploymentPolicy.exceptions.seccomp.worker": reason})
    assert "deploymentPolicy.exceptions.seccomp.worker: has no reason; write in a sentence" in said


def test_an_exception_names_a_rule_and_a_component_that_there_are(refusal: Refusal) -> None:
    """A misspelt one would except nobody."""
    assert "exceptions" in refusal(**{"deploymentPolicy.exceptions.secomp.worker": "x"})
    said = refusal(**{"deploymentPolicy.exceptions.seccomp.wokrer": "x"})
    assert "there is no such component; write one of" in said and "worker" in said


@pytest.mark.parametrize("program", ["helm3", "helm4"])
def test_all_that_is_refused_is_told_at_once(refusal: Refusal, program: str) -> None:
    """In pods as in values, whichever template Helm renders first."""
    said = refusal(
        program=program,
        fernetKey="a",
        fernetKeySecretName="b",
        **{"redis.securityContexts.pod.runAsUser": 0, "apiServer.extraVolumes": [HOST]},
    )
    assert "redis.securityContexts" in said and "volume node" in said and "fernetKeySecretName" in said


def test_the_notes_list_the_exceptions(chart: Path, helm: dict[str, Path], tmp_path: Path) -> None:
    """Whoever installs sees them, sentence by sentence. `helm template` prints no notes, so a template does."""
    copy = shutil.copytree(chart, tmp_path / "airflow")
    shown = '{kind: Notes, text: {{ include "airflow/templates/NOTES.txt" . | quote }}}'
    (copy / "templates/notes.yaml").write_text(shown)
    given = "--set-string=deploymentPolicy.exceptions.seccomp.worker=Old kernels."
    command = [helm["helm3"], "template", "r", copy, given, "--show-only=templates/notes.yaml"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "Exceptions from the deployment policy:\\n  seccomp, worker: Old kernels." in done.stdout, (
        done.stderr
    )


def test_every_exception_is_a_key_of_its_own(values: dict[str, Any]) -> None:
    """With a description, which the reference shows; see test_values_schema."""
    assert (
        values["deploymentPolicy"]["exceptions"].keys() >= {rule for rule, *_ in FORBIDDEN} | EXCEPTED.keys()
    )
