"""Releases of the chart that tests look at: the defaults and every example, in both profiles, rendered once each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml
from helm_process import Object, objects_in, run_helm

REPOSITORY = Path(__file__).resolve().parents[2]
CHART = REPOSITORY / "helm/airflow"
DEFAULTS = "defaults"
EXAMPLES = (DEFAULTS, *sorted(path.stem for path in (CHART / "examples").glob("*.yaml")))
PROFILES = ("company", "official")
RELEASE, NAMESPACE = "rel", "airflow"


@dataclass(frozen=True)
class Pod:
    """What pods are made from: who makes them (kind/name), where, with which labels and spec."""

    owner: str
    namespace: str
    labels: dict[str, str]
    spec: Object

    def containers(self) -> list[Object]:
        """Return its containers, those that run first included."""
        return [*(self.spec.get("initContainers") or []), *self.spec["containers"]]


def files_of(example: str) -> list[Path]:
    """Return the values files of an example by name; the defaults have none."""
    return [] if example == DEFAULTS else [CHART / f"examples/{example}.yaml"]


def arguments(profile: str, *files: Path) -> list[str | Path]:
    """Return what `helm template` and `helm lint` are given: the profile's values lie below those of *files*."""
    below = [CHART / "profiles/official.yaml"] if profile == "official" else []
    return [f"--values={file}" for file in (*below, *files)]


@lru_cache(maxsize=256)
def objects(
    helm: Path, profile: str, *files: Path, values: str = "", chart: Path = CHART
) -> tuple[Object, ...]:
    """Return the objects of a release; AssertionError with what Helm says where it refuses the values."""
    given = [*arguments(profile, *files), "--values=-"]
    done = run_helm([helm, "template", RELEASE, chart, "--namespace", NAMESPACE, *given], values or "{}")
    assert done.returncode == 0, done.stderr
    return objects_in(done.stdout)


def identity(one: Object) -> str:
    """Return kind, namespace and name: what Helm tells objects of a release apart by."""
    return f"{one['kind']} {namespace_of(one)}/{one['metadata']['name']}"


def namespace_of(one: Object) -> str:
    """Return the namespace in which *one* is made."""
    return str(one["metadata"].get("namespace") or NAMESPACE)


def pods(release: tuple[Object, ...]) -> Iterator[Pod]:
    """Yield the pods of everything that makes pods, those of tasks, which the scheduler makes, among them."""
    for one in release:
        if (template := _template(one)) is not None:
            yield _pod(identity(one), namespace_of(one), template)
        for name, task in task_pods(one):
            yield _pod(f"Task {name}", task["metadata"].get("namespace") or NAMESPACE, task)


def task_pods(one: Object) -> Iterator[tuple[str, Object]]:
    """Yield file name and pod of each pod template that the config map *one* holds."""
    if one["kind"] != "ConfigMap":
        return
    for name, text in (one.get("data") or {}).items():
        if "pod_template" in name or "-pods-" in one["metadata"]["name"]:
            yield name, yaml.safe_load(text)


def _pod(owner: str, namespace: str, template: Object) -> Pod:
    return Pod(owner, namespace, template["metadata"].get("labels") or {}, template["spec"])


def _template(one: Object) -> Object | None:
    spec = one.get("spec") or {}
    if one["kind"] == "CronJob":
        spec = spec["jobTemplate"]["spec"]
    found: Object | None = spec.get("template") if isinstance(spec, dict) else None
    return found
