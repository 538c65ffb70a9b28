"""With network policies, what runs tasks comes to the API server unnamed: since Airflow 3 it asks for everything."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from helm_process import objects_in

Render = Callable[..., subprocess.CompletedProcess[str]]
GATEWAY = {"podSelector": {"matchLabels": {"app": "gateway"}}}


@pytest.fixture
def callers(render: Render) -> Callable[..., list[Any]]:
    """A call gives the peers that the policy of the API server lets in, by executor and profile."""

    def peers(executor: str, profile: str = "company") -> list[Any]:
        values = {
            "executor": executor,
            "deploymentPolicy.profile": profile,
            "networkPolicies.enabled": True,
            "apiServer.networkPolicy.ingress.from": [GATEWAY],
        }
        given = [f"--set-json={key}={json.dumps(value)}" for key, value in values.items()]
        done = render("--show-only=templates/api-server/api-server-networkpolicy.yaml", *given)
        (policy,) = objects_in(done.stdout)
        return list(policy["spec"]["ingress"][0]["from"])

    return peers


@pytest.mark.parametrize(
    ("executor", "component"),
    [("CeleryExecutor", "worker"), ("KubernetesExecutor", "worker"), ("LocalExecutor", "scheduler")],
)
def test_what_runs_tasks_comes_in_beside_whom_the_values_name(
    callers: Callable[..., list[Any]], executor: str, component: str
) -> None:
    """And nobody else."""
    labels = {"tier": "airflow", "release": "r", "component": component}
    assert callers(executor) == [{"podSelector": {"matchLabels": labels}}, GATEWAY]


def test_the_official_chart_lets_in_whom_the_values_name(callers: Callable[..., list[Any]]) -> None:
    """Who comes from there has named the workers already."""
    assert callers("CeleryExecutor", "official") == [GATEWAY]
