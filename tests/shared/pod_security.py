"""Whether a pod passes Kubernetes' pod security level "restricted"; its rules are pod_security.yaml."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

Spec = Mapping[str, Any]
CONTAINERS = ("initContainers", "containers", "ephemeralContainers")


@cache
def rules() -> tuple[dict[str, Any], ...]:
    """Return the rules of the level, as they are written."""
    return tuple(yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8")))


def faults(spec: Spec) -> list[str]:
    """Return rule, field and value of all that keeps the pod of *spec* out of a namespace of the level."""
    everything = {**spec, "containers": [one for kind in CONTAINERS for one in spec.get(kind) or ()]}
    return [
        f"{rule['rule']}: {field} is {value!r}"
        for rule in rules()
        for field in rule["fields"]
        for value in _values(everything, field.split("."))
        if not _passes(rule, _inherited(everything, rule) if value is None else value)
    ]


def _passes(rule: Mapping[str, Any], value: Any) -> bool:
    if "holds" in rule:
        return rule["holds"] in (value or ())
    if "keys" in rule:
        return not (value or {}).keys() - set(rule["keys"])
    if "forbidden" in rule:
        return value not in rule["forbidden"] or value is False
    return any(value is one or (value == one and type(value) is type(one)) for one in rule["allowed"])


def _inherited(spec: Spec, rule: Mapping[str, Any]) -> Any:
    return next(_values(spec, rule["else"].split("."))) if "else" in rule else None


def _values(node: Any, path: list[str]) -> Iterator[Any]:
    """Yield what stands at *path* below *node*, once for each element of a list; None where nothing does."""
    if not path:
        yield node
        return
    name = path[0].removesuffix("[*]")
    inner = node.get(name) if isinstance(node, Mapping) else None
    for one in (inner or ()) if path[0].endswith("[*]") else (inner,):
        yield from _values(one, path[1:])
