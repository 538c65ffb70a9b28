"""What Kubernetes says of an object: its strict schemas, in which a misspelt field is a mistake."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import kubernetes_validate
import yaml

VERSIONS = tuple(f"1.{minor}" for minor in range(29, 38))
"""Those that the chart is for."""
_SCHEMAS = Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema"
_CUSTOM = Path(__file__).with_name("custom_resources.yaml")
_METADATA = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
Schema = dict[str, Any]


def faults(one: dict[str, Any], version: str) -> tuple[str, ...]:
    """Return what keeps *one* from being an object of *version* of Kubernetes, a line for each field, with its path.

    Custom resources are held against the schemas beside this file.
    """
    validator = _validator(version, one["kind"], one["apiVersion"])
    if validator is None:
        return (f"Kubernetes {version} has no {one['kind']} of {one['apiVersion']}",)
    return tuple(f"{_path(found.instance_path)}: {found.message}" for found in validator.iter_errors(one))


def _path(parts: list[str | int]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts) or "."


@lru_cache(maxsize=1024)
def _validator(version: str, kind: str, api: str) -> jsonschema_rs.Draft202012Validator | None:
    schema = _own(version, kind, api) or _custom(version, kind, api)
    if schema is None:
        return None
    return jsonschema_rs.Draft202012Validator(schema, registry=_registry(version))


def _own(version: str, kind: str, api: str) -> Schema | None:
    group, _, rest = api.partition("/")
    name = f"{kind}-{group.partition('.')[0]}-{rest}" if rest else f"{kind}-{group}"
    file = _folder(version) / f"{name.lower()}.json"
    return dict(json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else None


def _custom(version: str, kind: str, api: str) -> Schema | None:
    spec = _custom_resources()["kinds"].get(f"{kind} {api}")
    if spec is None:
        return None
    metadata = {"$ref": f"{_definitions(version)['$id']}#/$defs/{_METADATA}"}
    return {
        "type": "object",
        "required": ["apiVersion", "kind", "metadata", "spec"],
        "additionalProperties": False,
        "properties": {"apiVersion": {}, "kind": {}, "metadata": metadata, "spec": spec},
        "definitions": _custom_resources()["definitions"],
    }


@lru_cache(maxsize=1)
def _custom_resources() -> dict[str, Any]:
    return dict(yaml.safe_load(_CUSTOM.read_text(encoding="utf-8")))


def _folder(version: str) -> Path:
    return _SCHEMAS / f"v{version}.0-local-strict"


@lru_cache(maxsize=len(VERSIONS))
def _definitions(version: str) -> Schema:
    return dict(json.loads((_folder(version) / "_definitions.json").read_text(encoding="utf-8")))


@lru_cache(maxsize=len(VERSIONS))
def _registry(version: str) -> jsonschema_rs.Registry:
    definitions = _definitions(version)
    return jsonschema_rs.Registry([(definitions["$id"], definitions)])
