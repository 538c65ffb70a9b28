"""The chart rendered by the helm that the repository pins, as objects."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from helm_process import Object, objects_in, run_helm
from kubernetes_schemas import faults

CHART = Path(__file__).resolve().parents[3] / "helm/airflow"


@dataclass(frozen=True)
class Rendered:
    """What `helm template` printed, in the namespace `airflow`."""

    objects: tuple[Object, ...]

    def of(self, kind: str, namespace: str | None = None) -> dict[str, Object]:
        """Return name → object of one *kind*, in one *namespace* if it is given."""
        return {
            one["metadata"]["name"]: one
            for one in self.objects
            if one["kind"] == kind and namespace in (None, one["metadata"].get("namespace", "airflow"))
        }

    def pods(self) -> Iterator[tuple[str, Object]]:
        """Yield kind/name and pod template of everything that makes pods, the tenants' tasks too."""
        for one in self.objects:
            found = _template(one)
            if found is not None:
                yield f"{one['kind']}/{one['metadata']['name']}", found
        for name, text in self.pod_templates().items():
            yield f"Task/{name}", yaml.safe_load(text)

    def pod_templates(self) -> dict[str, str]:
        """Return file name → text of what the scheduler makes tenants' pods from."""
        maps = (one for name, one in self.of("ConfigMap", "airflow").items() if "-pods-" in name)
        return {name: text for one in maps for name, text in one["data"].items()}


def _template(one: Object) -> Object | None:
    spec = one.get("spec") or {}
    if one["kind"] == "CronJob":
        spec = spec["jobTemplate"]["spec"]
    found: Object | None = spec.get("template")
    return found


class Refused(Exception):
    """Helm refuses the values; the text is what it says."""


@lru_cache(maxsize=64)
def _rendered(helm: str, arguments: tuple[str, ...], values: str) -> Rendered:
    command = [helm, "template", "rel", str(CHART), "--namespace", "airflow", *arguments, "--values", "-"]
    done = run_helm(command, values)
    if done.returncode:
        raise Refused(done.stderr)
    return Rendered(objects_in(done.stdout))


ObjectsOf = Callable[..., Rendered]


@pytest.fixture(scope="session")
def unknown_to_kubernetes() -> Callable[[Object, str], str]:
    """Return what tells why an object is none of a version of Kubernetes, or an empty text."""
    return lambda one, version: "; ".join(faults(one, version))


@pytest.fixture(scope="session")
def objects_of(helm: Mapping[str, Path]) -> ObjectsOf:
    """Return what renders examples by name with more values over them; Refused where helm refuses."""

    def rendered(*examples: str, program: str = "helm3", **values: Any) -> Rendered:
        files = tuple(f"--values={CHART}/examples/{name}.yaml" for name in examples)
        return _rendered(str(helm[program]), files, json.dumps(values))

    return rendered


@pytest.fixture(scope="session")
def refusal(objects_of: ObjectsOf) -> Callable[..., str]:
    """Return what tells why helm refuses values."""

    def refused(*examples: str, **values: Any) -> str:
        with pytest.raises(Refused) as found:
            objects_of(*examples, **values)
        return str(found.value)

    return refused
