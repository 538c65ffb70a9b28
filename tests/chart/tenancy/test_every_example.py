"""What holds for all that tenants, zones, platform jobs and the entrance bring into a cluster."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

EXAMPLES = (
    "tenants", "tenant-processes", "personal-data-zone", "platform-jobs", "hybrid-entrance", "stores-in-aws",
    "logs-of-pods",
)  # fmt: skip
VERSIONS = [f"1.{minor}" for minor in range(29, 38)]
_CHECKSUM = re.compile(r'"checksum/[a-z-]+": "[0-9a-f]{64}"')
OURS = ("Task/", "Deployment/rel-roles", "Deployment/rel-entrance", "CronJob/")
"""Pods that only this chart has; those of Airflow's components follow the deployment policy."""


def ours(release: Any) -> list[dict[str, Any]]:
    """Return the objects of *release* that a plain release has not, the pods of tasks among them."""
    objects = [one for one in release.objects if one["metadata"].get("namespace") or "aerodrome" in str(one)]
    objects += [one for one in release.objects if one["metadata"]["labels"].get("component") in JOBS]
    pods = [pod for name, pod in release.pods() if name.startswith("Task/")]
    return [*objects, *pods]


JOBS = ("roles", "results-collector", "orphans", "entrance")


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_object_is_one_that_kubernetes_knows(
    objects_of: Any, unknown_to_kubernetes: Any, example: str
) -> None:
    """To the letter, in all versions that the chart is for; a misspelt field is none."""
    found = ours(objects_of(example))
    assert found
    for version in VERSIONS:
        told = {one["metadata"]["name"]: unknown_to_kubernetes(one, version) for one in found}
        assert not {name: text for name, text in told.items() if text}, version


def test_a_misspelt_field_would_be_told(objects_of: Any, unknown_to_kubernetes: Any) -> None:
    """Deep inside a pod too."""
    _, pod = next(pod for pod in objects_of("tenants").pods() if pod[0].startswith("Task/"))
    assert not unknown_to_kubernetes(pod, VERSIONS[0])
    pod["spec"]["initContainers"][0]["restartpolicy"] = "Always"
    assert "restartpolicy" in unknown_to_kubernetes(pod, VERSIONS[0])


@pytest.mark.parametrize("example", EXAMPLES)
def test_both_versions_of_helm_make_the_same(objects_of: Any, example: str) -> None:
    """Of all that is ours."""
    fixed = {"auth": {"postgresPassword": "fixed"}}
    one, other = (
        json.dumps(ours(objects_of(example, program=helm, postgresql=fixed))) for helm in ("helm3", "helm4")
    )
    # Of secrets that are made at random.
    assert _CHECKSUM.sub("", one) == _CHECKSUM.sub("", other)


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_pod_of_ours_is_restricted(objects_of: Any, example: str) -> None:
    """As Kubernetes' pod security level of that name wants it, with a read-only root file system beyond it."""
    for name, pod in objects_of(example).pods():
        if not name.startswith(OURS) or "cleanup" in name:
            continue
        spec = pod["spec"]
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault", name
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(spec), name
        assert not any("hostPath" in volume for volume in spec["volumes"]), name
        for one in (*spec.get("initContainers", ()), *spec["containers"]):
            context = one["securityContext"]
            assert context["readOnlyRootFilesystem"] is True, (name, one["name"])
            assert context["allowPrivilegeEscalation"] is False, (name, one["name"])
            assert context["capabilities"] == {"drop": ["ALL"]}, (name, one["name"])
            assert one["resources"]["requests"] and one["resources"]["limits"]["memory"], (name, one["name"])


@pytest.mark.parametrize("example", EXAMPLES)
def test_only_what_talks_to_the_cluster_holds_its_token(objects_of: Any, example: str) -> None:
    """Of ours that is the report of what is left of tenants."""
    holders = {
        name
        for name, pod in objects_of(example).pods()
        if name.startswith(OURS) and pod["spec"].get("automountServiceAccountToken") is not False
    }
    assert holders <= {"CronJob/rel-orphans"}
