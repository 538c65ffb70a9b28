"""The chart's pods and containers, as its policy sees them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

Render = Callable[..., subprocess.CompletedProcess[str]]


@dataclass(frozen=True)
class Pod:
    """A pod template: the kind and component that own it, and its spec."""

    owner: str
    component: str
    spec: dict[str, Any]

    def containers(self) -> list[dict[str, Any]]:
        """Return its containers, those that run first included."""
        return [*(self.spec.get("initContainers") or []), *self.spec["containers"]]


def _pods(text: str) -> Iterator[Pod]:
    for one in yaml.load_all(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        spec = (one or {}).get("spec") or {}
        if one and one["kind"] == "CronJob":
            spec = spec["jobTemplate"]["spec"]
        if "template" in spec:
            labels = one["metadata"]["labels"]
            yield Pod(one["kind"], labels.get("component", ""), spec["template"]["spec"])
        if one and "pod_template_file.yaml" in one.get("data", {}):
            yield Pod("Task", "worker", yaml.safe_load(one["data"]["pod_template_file.yaml"])["spec"])


@pytest.fixture(scope="session")
def pods_of(render: Render) -> Callable[..., list[Pod]]:
    """A call renders the chart with values and files of values, and gives its pods."""

    def pods(*files: Path, **values: Any) -> list[Pod]:
        arguments = [f"--values={file}" for file in files] + [
            f"--set-json={key}={json.dumps(value)}" for key, value in values.items()
        ]
        done = render(*arguments)
        assert done.returncode == 0, done.stderr
        return list(_pods(done.stdout))

    return pods


@pytest.fixture(scope="session")
def refusal(render: Render) -> Callable[..., str]:
    """A call renders the chart with values that it must refuse, and gives what Helm says."""

    def refused(**values: Any) -> str:
        done = render(*[f"--set-json={key}={json.dumps(value)}" for key, value in values.items()])
        assert done.returncode != 0, "the values were not refused"
        return done.stderr

    return refused
