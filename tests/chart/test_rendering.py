"""The chart renders with both major versions of Helm, and Helm's own check finds nothing."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

Render = Callable[..., subprocess.CompletedProcess[str]]
MADE = ("fernetKey", "jwtSecret", "apiSecretKey", "redis.password", "postgresql.auth.postgresPassword")
FIXED = [f"--set={key}=fixed" for key in MADE]
"""Arguments for values that each rendering would make anew."""


@pytest.mark.parametrize(("program", "version"), [("helm3", "v3.17"), ("helm4", "v4.")])
def test_the_programs_are_of_the_versions_that_their_names_say(
    helm: dict[str, Path], program: str, version: str
) -> None:
    """What is tested with Helm 3 is not tested with Helm 4 by accident."""
    said = subprocess.run([helm[program], "version", "--short"], capture_output=True, text=True, check=True)
    assert said.stdout.startswith(version)


@pytest.mark.parametrize("profile", [[], ["--set", "deploymentPolicy.profile=official"]])
@pytest.mark.parametrize("program", ["helm3", "helm4"])
def test_the_defaults_render(render: Render, program: str, profile: list[str]) -> None:
    """Each document is an object, and none is there twice."""
    done = render(*profile, program=program)
    assert done.returncode == 0, done.stderr
    objects = [(item["kind"], item["metadata"]["name"]) for item in yaml.safe_load_all(done.stdout) if item]
    assert len(objects) == len(set(objects)) > 30


def test_both_versions_of_helm_render_the_same_objects(render: Render) -> None:
    """To the letter."""
    one, other = (
        list(yaml.safe_load_all(render(*FIXED, program=name).stdout)) for name in ("helm3", "helm4")
    )
    assert sorted(one, key=str) == sorted(other, key=str)


def test_a_change_of_one_set_of_workers_restarts_nobody_else(render: Render) -> None:
    """The file of the configuration, of which a digest is in every pod, is rendered from the release's own values."""

    def scheduler(variable: str) -> Any:
        own = {"name": "a", "queue": "a", "env": [{"name": "A", "value": variable}]}
        given = ("--set=executor=CeleryExecutor\\,KubernetesExecutor", "--set=workers.enableDefault=false")
        done = render(*given, f"--set-json=workers.celery.sets={json.dumps([own])}", *FIXED)
        found = (one for one in yaml.safe_load_all(done.stdout) if one and one["kind"] == "Deployment")
        return next(one for one in found if one["metadata"]["name"] == "r-scheduler")

    assert scheduler("one") == scheduler("other")
