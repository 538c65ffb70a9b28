"""The record of the attacks from pods is of the objects that the chart writes for tenants."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from suite.page import REPOSITORY
from suite.results import RECORD, tried_on
from tried_objects import digest, digest_of, objects

LEVEL = "pod-security.kubernetes.io/enforce"


@pytest.fixture(scope="module")
def written() -> list[Any]:
    """What the chart writes for one tenant."""
    return objects("0")


def test_the_record_is_of_the_objects_as_they_are() -> None:
    """Attacks on what was there before say nothing about what is deployed."""
    assert tried_on(REPOSITORY) == digest(), (
        f"{RECORD}: the chart writes other policies, rights or pods for tenants than those that were attacked\n"
        "    on a cluster, pytest --cluster tests/cluster/built writes it again: docs/how-to/get-a-test-cluster.md"
    )


def _policy(one: Any) -> None:
    one["spec"]["egress"] = [{}]


def _level(one: Any) -> None:
    del one["metadata"]["labels"][LEVEL]


def _rights(one: Any) -> None:
    one["rules"].append({"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]})


def _pod(before: str, after: str) -> Callable[[Any], None]:
    def changed(one: Any) -> None:
        texts = {name: text.replace(before, after) for name, text in one["data"].items()}
        assert texts != one["data"]
        one["data"] = texts

    return changed


@pytest.mark.parametrize(
    ("kind", "name", "change"),
    [
        ("NetworkPolicy", "alpha-default", _policy),
        ("Namespace", "tenant-alpha", _level),
        ("Role", "airflow-scheduler", _rights),
        ("ConfigMap", "airflow-pods-alpha", _pod("automountServiceAccountToken: false", "")),
        ("ConfigMap", "airflow-pods-alpha", _pod("runAsNonRoot: true", "runAsNonRoot: false")),
    ],
)
def test_a_weaker_defence_is_another_object(
    written: list[Any], kind: str, name: str, change: Callable[[Any], None]
) -> None:
    """Policies, levels, rights and pods: whatever keeps a tenant's code where it is."""
    changed = copy.deepcopy(written)
    change(next(one for one in changed if (one["kind"], one["metadata"]["name"]) == (kind, name)))
    assert digest_of(changed) != digest_of(written)


def test_another_image_is_the_same_object(written: list[Any]) -> None:
    """It changes with every deploy."""
    assert digest_of(objects("1")) == digest_of(written)
