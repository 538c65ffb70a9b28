"""The chart's pods and containers, as its policy sees them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from chart_releases import EXAMPLES, files_of, objects, task_pods
from helm_process import objects_in

Render = Callable[..., subprocess.CompletedProcess[str]]
EVERYTHING: dict[str, Any] = {
    "executor": "CeleryExecutor,KubernetesExecutor",
    "flower.enabled": True,
    "pgbouncer.enabled": True,
    "cleanup.enabled": True,
    "databaseCleanup.enabled": True,
    "dags.gitSync.enabled": True,
    "workers.kerberosSidecar.enabled": True,
    "kerberos.enabled": True,
}


@dataclass(frozen=True)
class Pod:
    """A pod template: what owns it, its spec and annotations, and the example that it is of."""

    owner: str
    name: str
    component: str
    spec: dict[str, Any]
    annotations: dict[str, str]
    example: str = ""

    def __str__(self) -> str:
        """Return the kind and name."""
        return f"{self.owner} {self.name}"

    def containers(self) -> list[dict[str, Any]]:
        """Return its containers, those that run first included."""
        return [*(self.spec.get("initContainers") or []), *self.spec["containers"]]


def _pods(objects: Iterable[dict[str, Any]], example: str = "") -> Iterator[Pod]:
    for one in objects:
        spec = one.get("spec") or {}
        if one["kind"] == "CronJob":
            spec = spec["jobTemplate"]["spec"]
        if "template" in spec:
            yield _pod(one["kind"], one["metadata"], spec["template"], example)
        for name, task in task_pods(one):
            yield _pod("Task", {"name": name, "labels": {"component": "worker"}}, task, example)


def _pod(kind: str, metadata: dict[str, Any], template: dict[str, Any], example: str) -> Pod:
    annotations = (template.get("metadata") or {}).get("annotations", {})
    component = metadata["labels"].get("component", "postgresql")
    return Pod(kind, metadata["name"], component, template["spec"], annotations, example)


def _arguments(files: tuple[Path, ...], values: dict[str, Any]) -> list[str]:
    """Return helm's arguments for files of values and for single ones, which a dict of text → value names."""
    given = [
        f"--set-json={key.replace(',', chr(92) + ',')}={json.dumps(value)}" for key, value in values.items()
    ]
    return [*(f"--values={file}" for file in files), *given]


@pytest.fixture(scope="session")
def pods_of(render: Render) -> Callable[..., list[Pod]]:
    """A call renders the chart with values and files of values, and gives its pods; each release once."""
    made: dict[tuple[str, ...], list[Pod]] = {}

    def pods(*files: Path, **values: Any) -> list[Pod]:
        arguments = tuple(_arguments(files, values))
        if arguments not in made:
            done = render(*arguments)
            assert done.returncode == 0, done.stderr
            made[arguments] = list(_pods(objects_in(done.stdout)))
        return made[arguments]

    return pods


@pytest.fixture(scope="session")
def every_pod(pods_of: Callable[..., list[Pod]], helm: dict[str, Path]) -> list[Pod]:
    """The pods of the defaults, of a release with everything on, and of every example, which people start from."""
    releases = {name: objects(helm["helm3"], "company", *files_of(name)) for name in EXAMPLES}
    return [*pods_of(**EVERYTHING), *(pod for name, found in releases.items() for pod in _pods(found, name))]


@pytest.fixture(scope="session")
def refusal(render: Render) -> Callable[..., str]:
    """A call renders the chart with values that it must refuse, and gives what Helm says."""

    def refused(*files: Path, program: str = "helm3", **values: Any) -> str:
        done = render(*_arguments(files, values), program=program)
        assert done.returncode != 0, "the values were not refused"
        return done.stderr

    return refused
