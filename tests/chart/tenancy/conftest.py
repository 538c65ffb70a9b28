"""The chart rendered by the helm that the repository pins, as objects."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import yaml

CHART = Path(__file__).resolve().parents[3] / "helm/airflow"
Object = dict[str, Any]
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


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
    done = subprocess.run(command, input=values, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode:
        raise Refused(done.stderr)
    return Rendered(tuple(one for one in yaml.load_all(done.stdout, _Loader) if one))


ObjectsOf = Callable[..., Rendered]


@lru_cache(maxsize=16)
def _definitions(version: str) -> Any:
    from kubernetes_validate.utils import schema_contents
    from referencing import Registry, Resource

    contents = schema_contents(f"kubernetes-json-schema/v{version}.0-local-strict/_definitions.json", version)
    return Resource.from_contents(contents) @ Registry()


@lru_cache(maxsize=1024)
def _validator(version: str, kind: str, api: str) -> Any:
    from jsonschema.validators import Draft202012Validator
    from kubernetes_validate.utils import schema_contents
    from referencing import Resource

    file = f"kubernetes-json-schema/v{version}.0-local-strict/{kind.lower()}-{api}.json"
    schema = schema_contents(file, version)
    return Draft202012Validator(schema, registry=Resource.from_contents(schema) @ _definitions(version))


@pytest.fixture(scope="session")
def unknown_to_kubernetes() -> Callable[[Object, str], str]:
    """Return what tells why an object is none of a version of Kubernetes, or an empty text.

    The schemas are kubernetes_validate's strict ones, each read once: by itself it reads two files for every object.
    """

    def tell(one: Object, version: str) -> str:
        group, _, rest = one["apiVersion"].partition("/")
        api = f"{group.partition('.')[0]}-{rest}" if rest else group
        problems = _validator(version, one["kind"], api).iter_errors(one)
        return "; ".join(f"{problem.json_path}: {problem.message}" for problem in problems)

    return tell


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
