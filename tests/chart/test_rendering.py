"""The chart renders with both major versions of Helm, and Helm's own check finds nothing."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

Render = Callable[..., subprocess.CompletedProcess[str]]


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
    """Keys that are made anew by each rendering are given."""
    keys = ("fernetKey", "jwtSecret", "apiSecretKey", "redis.password", "postgresql.auth.postgresPassword")
    given = [part for key in keys for part in ("--set", f"{key}=fixed")]
    one, other = (
        list(yaml.safe_load_all(render(*given, program=name).stdout)) for name in ("helm3", "helm4")
    )
    assert sorted(one, key=str) == sorted(other, key=str)
