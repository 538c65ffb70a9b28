"""What a cluster lets nobody change once an object is there: a release that changes it cannot be upgraded."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from chart_releases import identity
from helm_process import Object

Fields = dict[str, Any]
Recording = dict[str, Fields]
"""Object → path of each field that cannot be changed → its value, or a digest of what is long or secret."""

FIELDS: Mapping[str, tuple[str, ...]] = {
    "StatefulSet": ("selector", "serviceName", "podManagementPolicy", "volumeClaimTemplates"),
    "Deployment": ("selector",),
    "DaemonSet": ("selector",),
    "Job": ("selector", "template", "completions", "completionMode"),
    "PersistentVolumeClaim": ("accessModes", "storageClassName", "volumeMode", "volumeName", "selector"),
}
"""Of the spec; the size of a claim may grow."""
KEEPERS = ("PersistentVolumeClaim", "StatefulSet", "Namespace")
"""What is gone with such an object is data."""
REMEDY = (
    "    keep the field as it was; or, where it must change, give the object another name or have it deleted before "
    "the upgrade, say so in helm/airflow/README.md, and write the recordings anew: AERODROME_UPDATE_GOLDEN=1 "
    ".venv/bin/python -m pytest tests/chart/checks/test_upgrade.py"
)


def recording(release: Iterable[Object]) -> Recording:
    """Return the fields of all objects of *release* that cannot be changed, and the objects that keep data."""
    found = {identity(one): dict(_fields(one)) for one in release}
    return {name: fields for name, fields in sorted(found.items()) if fields or name.startswith(KEEPERS)}


def difference(recorded: Recording, base: Recording) -> Object:
    """Return *recorded* as what it has beside or instead of *base*, and what of *base* it has not."""
    own = {name: fields for name, fields in recorded.items() if base.get(name) != fields}
    return {"fields": own, "without": sorted(base.keys() - recorded.keys())}


def restored(difference: Object, base: Recording) -> Recording:
    """Return the recording that *difference* was made from."""
    kept = {name: fields for name, fields in base.items() if name not in difference["without"]}
    return kept | dict(difference["fields"])


def broken(before: Recording, after: Recording) -> list[str]:
    """Return a line for each field that cannot become what it is in *after*, and each keeper of data that is gone."""
    lines = []
    for name, fields in before.items():
        if name in after:
            lines += list(_changed(name, fields, after[name]))
        elif name.startswith(KEEPERS):
            lines.append(f"{name}: is gone, and an upgrade deletes it with its data\n{REMEDY}")
    return lines


def _changed(name: str, before: Fields, after: Fields) -> Iterator[str]:
    for path in sorted(before.keys() | after.keys()):
        if before.get(path) != after.get(path):
            change = f"{json.dumps(before.get(path))} becomes {json.dumps(after.get(path))}"
            yield f"{name}: {path}: {change}, which the API server refuses\n{REMEDY}"


def _fields(one: Object) -> Iterator[tuple[str, Any]]:
    kind, spec = one["kind"], one.get("spec") or {}
    if kind == "Job" and _is_made_anew(one):
        return
    for field in FIELDS.get(kind, ()):
        if field in spec:
            yield f"spec.{field}", _short(spec[field])
    if kind == "Service":
        yield "spec.clusterIP", "None" if spec.get("clusterIP") == "None" else "an address"
    if kind in ("RoleBinding", "ClusterRoleBinding"):
        yield "roleRef", one["roleRef"]
    if kind == "Secret":
        yield "type", one.get("type", "Opaque")
    if kind == "PriorityClass":
        yield "value", one["value"]
        yield "preemptionPolicy", one.get("preemptionPolicy", "PreemptLowerPriority")
    if one.get("immutable"):
        yield "data", _digest(one.get("data"))


def _is_made_anew(job: Object) -> bool:
    """Return whether Helm replaces *job* instead of changing it, or finds none: it goes some time after its end."""
    hook = "helm.sh/hook" in (job["metadata"].get("annotations") or {})
    return hook or job["spec"].get("ttlSecondsAfterFinished") is not None


def _short(value: Any) -> Any:
    return value if len(json.dumps(value)) <= 600 else _digest(value)


def _digest(value: Any) -> str:
    return f"sha256:{hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()}"
