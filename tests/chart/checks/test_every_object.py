"""The defaults and every example, in both profiles, with both versions of Helm, against every version of Kubernetes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from chart_releases import EXAMPLES, PROFILES, identity, task_pods
from kubernetes_schemas import VERSIONS, faults

Release = Callable[..., tuple[Any, ...]]
PROGRAMS = ("helm3", "helm4")


def unknown(release: tuple[Any, ...]) -> set[str]:
    """Return object and faults of all that some version of Kubernetes does not know to the letter."""
    parts = [(identity(one), one) for one in release]
    parts += [(f"{identity(one)} {name}", task) for one in release for name, task in task_pods(one)]
    return {
        f"{name} {fault} (Kubernetes {version})"
        for version in VERSIONS
        for name, one in parts
        for fault in faults(one, version)
    }


@pytest.mark.parametrize("example", EXAMPLES)
@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("program", PROGRAMS)
def test_every_object_is_one_that_kubernetes_knows(
    release: Release, program: str, profile: str, example: str
) -> None:
    """By its strict schemas; the pods that the scheduler makes tasks from too."""
    assert unknown(release(example, profile, program)) == set()


@pytest.mark.parametrize("example", EXAMPLES)
@pytest.mark.parametrize("profile", PROFILES)
def test_no_object_is_there_twice(release: Release, profile: str, example: str) -> None:
    """The second would replace the first without a word."""
    found = [identity(one) for one in release(example, profile)]
    assert sorted(found) == sorted(set(found))


def test_a_misspelt_field_is_found(release: Release) -> None:
    """In an object that the chart renders well otherwise."""
    (one,) = (one for one in release("defaults") if identity(one) == "Deployment airflow/rel-scheduler")
    spec = one["spec"]["template"]["spec"]
    wrong = one | {"spec": one["spec"] | {"template": {"spec": spec | {"tolerrations": []}}}}
    assert not unknown((one,))
    assert all("tolerrations" in line for line in unknown((wrong,))) and len(unknown((wrong,))) == len(
        VERSIONS
    )


def test_a_misspelt_field_of_a_custom_resource_is_found() -> None:
    """Kubernetes' own schemas do not hold them."""
    rule = {"alert": "Slow", "expr": "1", "fro": "5m"}
    one = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "rules"},
        "spec": {"groups": [{"name": "airflow", "rules": [rule]}]},
    }
    assert all("fro" in line for line in unknown((one,))) and unknown((one,))
