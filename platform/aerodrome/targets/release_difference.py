"""What of an object differs, field by field, and what comes of that. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any

from aerodrome.plan import Risk

Object = Mapping[str, Any]
Path = tuple[str, ...]
"""Keys from the object down; "[name=x]" or "[0]" for an element of a list."""
Differences = dict[Path, tuple[Any, Any]]
"""Path → value before and value after; MISSING where there is none."""


class _Missing:
    def __repr__(self) -> str:
        return "nothing"


MISSING = _Missing()
# What the API server and controllers write.
_THEIRS = frozenset({"status"})
_THEIR_METADATA = frozenset(
    {"managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink"}
)
# By these the API server tells elements of lists apart; more than one field where one is not enough.
_KEYS: tuple[tuple[str, ...], ...] = (
    ("name",),
    ("containerPort", "protocol"),
    ("port", "protocol"),
    ("mountPath",),
    ("devicePath",),
    ("ip",),
    ("type",),
    ("uid",),
    ("key",),
    ("topologyKey", "whenUnsatisfiable"),
)
_SCALER = "kube-controller-manager", "keda-operator"
_REPLICAS: Path = ("spec", "replicas")
# Given by the API server where the release does not ask for one.
_GIVEN = frozenset({"nodePort", "clusterIP", "clusterIPs", "healthCheckNodePort"})
_ACCESS = frozenset(
    {"Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding", "NetworkPolicy", "ServiceAccount"}
)
_DATA = frozenset({"PersistentVolumeClaim", "PersistentVolume", "Namespace", "StatefulSet"})
_PODS = frozenset({"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"})
_TOLD = frozenset({"image", "cpu", "memory", "storage", "schedule", "ephemeral-storage"})
_SECRET_DATA = frozenset({"data", "stringData"})
_CHECKSUM = "checksum/"


def differences(before: Any, after: Any) -> Differences:
    """Return what differs between two versions of an object, without what controllers write of themselves."""
    return dict(_differences(_ours(before), _ours(after), ()))


def planned(live: Object, after: Object, wanted: Object) -> Differences:
    """Return what applying *wanted* changes of *live*, which would become *after*."""
    scaled = scaled_by_others(live)
    return {
        path: values
        for path, values in differences(live, after).items()
        if not (path == _REPLICAS and scaled)
        and not (path[-1] in _GIVEN and value_at(wanted, path) is MISSING)
    }


def scaled_by_others(live: Object) -> bool:
    """Return whether an autoscaler set the number of pods of *live*."""
    return any(
        entry.get("subresource") == "scale" and str(entry.get("manager")).startswith(_SCALER)
        for entry in live["metadata"].get("managedFields") or ()
    )


def without_removed(body: Mapping[str, Any], before: Object, after: Object) -> dict[str, Any]:
    """Return *body* without what the release stated *before* and states no more *after*."""
    left = dict(deepcopy(body))
    gone = [path for path, (_, new) in differences(before, after).items() if new is MISSING]
    # From the end of lists, so that what is left keeps its place.
    for path in sorted(gone, key=lambda path: path[-1], reverse=True):
        _remove(left, path)
    return left


def value_at(body: Any, path: Path) -> Any:
    """Return what *body* has at *path*; MISSING where that is nothing."""
    for part in path:
        body = _children(body).get(part, MISSING)
    return body


def risk(kind: str, action: str, found: Differences) -> Risk:
    """Return what an apply may do to what runs: *found* are the fields that an update changes."""
    if kind in _ACCESS:
        return "access"
    if action == "delete":
        return "data" if kind in _DATA else "restarts" if kind in _PODS else "none"
    restarts = kind in _PODS and any(path[:2] == ("spec", "template") for path in found)
    return "restarts" if restarts else "none"


def told(kind: str, found: Differences) -> str:
    """Return the changed fields for people: values only of numbers, switches, images and amounts, none of a Secret."""
    return "; ".join(_told(kind, path, *values) for path, values in sorted(found.items(), key=_by_name))


def _by_name(item: tuple[Path, Any]) -> Path:
    return item[0]


def name_of(path: Path) -> str:
    """Return *path* as people write it: spec.template.spec.containers[name=main].image."""
    text = ""
    for part in path:
        plain = part.replace("/", "").replace("-", "").replace("_", "").isalnum()
        text += part if part.startswith("[") else f".{part}" if plain else f"['{part}']"
    return text.removeprefix(".")


def digests(kind: str, found: Differences) -> tuple[str, str]:
    """Return the SHA-256 of the changed fields before and after; of what is secret only that it changes."""
    parts: list[dict[str, Any]] = [{}, {}]
    for path, values in found.items():
        for part, value in zip(parts, values, strict=True):
            part[name_of(path)] = "" if _is_secret(kind, path) else _unstamped(value)
    before, after = (digest(part) for part in parts)
    return before, after


def digest(value: object) -> str:
    """Return the SHA-256 of *value* as canonical JSON."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=repr).encode()).hexdigest()


def without_secrets(body: Object) -> Object:
    """Return *body* without values that are secret, or that are made from such: another render has others."""
    kind = str(body.get("kind"))
    shown = {key: value for key, value in body.items() if not (kind == "Secret" and key in _SECRET_DATA)}
    return dict(_unstamped(shown))


def _unstamped(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _unstamped(one) for key, one in value.items() if not str(key).startswith(_CHECKSUM)}
    return [_unstamped(one) for one in value] if isinstance(value, list) else value


def _is_secret(kind: str, path: Path) -> bool:
    return (kind == "Secret" and path[0] in _SECRET_DATA) or path[-1].startswith(_CHECKSUM)


def _told(kind: str, path: Path, before: Any, after: Any) -> str:
    name = name_of(path)
    if before is MISSING or after is MISSING:
        name = f"{'+' if before is MISSING else '-'}{name}"
    shown = not _is_secret(kind, path) and (path[-1] in _TOLD or _is_plain(before, after))
    return f"{name}: {_short(before)} → {_short(after)}" if shown else name


def _is_plain(*values: Any) -> bool:
    return all(isinstance(value, (bool, int, float, _Missing)) for value in values) and not all(
        value is MISSING for value in values
    )


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=repr).strip('"')
    return text if len(text) <= 120 else f"{text[:117]}…"


def _ours(body: Any) -> dict[str, Any]:
    ours = {key: value for key, value in body.items() if key not in _THEIRS}
    metadata = ours.get("metadata") or {}
    ours["metadata"] = {key: value for key, value in metadata.items() if key not in _THEIR_METADATA}
    return ours


def _differences(before: Any, after: Any, path: Path) -> Iterator[tuple[Path, tuple[Any, Any]]]:
    old, new = _children(before), _children(after)
    if not (old and new) or type(before) is not type(after):
        if not _says_the_same(before, after):
            yield path, (before, after)
        return
    for part in dict.fromkeys((*old, *new)):
        yield from _differences(old.get(part, MISSING), new.get(part, MISSING), (*path, part))
    if isinstance(before, list) and list(old) != list(new) and set(old) == set(new):
        yield (*path, "[order]"), (list(old), list(new))


def _says_the_same(before: Any, after: Any) -> bool:
    # To Python 1 is True. null, {} and [] say as little as nothing does.
    equal = before == after and type(before) is type(after)
    return equal or (_is_empty(before) and _is_empty(after))


def _is_empty(value: Any) -> bool:
    return value is MISSING or value is None or value in ({}, [], "")


def _children(value: Any) -> dict[str, Any]:
    """Return part of a path → what is there."""
    if isinstance(value, Mapping):
        return {str(key): one for key, one in value.items()}
    if not isinstance(value, list):
        return {}
    return _named(value) or {f"[{position}]": one for position, one in enumerate(value)}


def _named(elements: Sequence[Any]) -> dict[str, Any]:
    """Return the elements by what tells them apart; nothing where that is only their place."""
    for keys in _KEYS:
        if not all(isinstance(one, Mapping) and keys[0] in one for one in elements):
            continue
        names = [",".join(_key(one, key) for key in keys) for one in elements]
        if len(set(names)) == len(names):
            return {f"[{name}]": one for name, one in zip(names, elements, strict=True)}
    return {}


def _key(element: Mapping[str, Any], key: str) -> str:
    # A protocol that is left out is TCP, by the API server's own defaults.
    return f"{key}={element.get(key, 'TCP')}"


def _remove(body: Any, path: Path) -> None:
    holder = value_at(body, path[:-1])
    if isinstance(holder, dict):
        holder.pop(path[-1], None)
    elif isinstance(holder, list):
        found = value_at(holder, path[-1:])
        holder[:] = [one for one in holder if one is not found]
