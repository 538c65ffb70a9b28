"""Recorded cases: values, and the Kubernetes objects that the official chart renders from them."""

from __future__ import annotations

import json
import lzma
import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from helm_process import objects_in, run_helm

ANY = "<any>"
NOTHING = (None, {}, [], "")
# What other templates read, and what refuses values.
ALWAYS = ("configmaps", "secrets", "check-values.yaml")

Object = Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Case:
    """One case: *templates* (all where there are none) render *objects* from *values*, or refuse them."""

    id: str
    topic: str
    release: str
    namespace: str
    kubernetes: str
    templates: tuple[str, ...]
    values: Mapping[str, Any]
    refused: bool
    objects: tuple[Object, ...]


def read_cases(file: Path) -> tuple[Case, ...]:
    """Return the cases of *file*, one JSON object a line, compressed."""
    with lzma.open(file, "rt", encoding="utf-8") as lines:
        return tuple(_case(json.loads(line)) for line in lines)


def _case(found: Mapping[str, Any]) -> Case:
    return Case(
        id=found["id"],
        topic=found["topic"],
        release=found["release"],
        namespace=found["namespace"] or "default",
        kubernetes=found["kube_version"] or "1.32.0",
        templates=tuple(found["show_only"] or ()),
        values=found["values"],
        refused=bool(found["error"]),
        objects=tuple(found["objects"] or ()),
    )


@dataclass
class Chart:
    """Renders *chart* with *helm*; for cases of few templates copies without the others, in *scratch*, are faster."""

    helm: Path
    chart: Path
    scratch: Path
    profile: Path
    _copies: dict[tuple[str, ...], Path] = field(default_factory=dict)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def mismatches(self, case: Case) -> list[str]:
        """Return what is not as *case* records it, one line each."""
        return mismatches(case, *self.rendered(case))

    def rendered(self, case: Case) -> tuple[str, list[Object]]:
        """Return why helm refuses the values of *case*, or an empty text and the objects."""
        with tempfile.NamedTemporaryFile("w", suffix=".json", dir=self.scratch) as values:
            json.dump(case.values, values)
            values.flush()
            done = run_helm(self._command(case, values.name))
        if done.returncode:
            return done.stderr.strip() or "helm failed", []
        return "", list(objects_in(done.stdout))

    def _command(self, case: Case, values: str) -> list[str | Path]:
        only = [part for template in case.templates for part in ("--show-only", template)]
        given = ["--values", self.profile, "--values", values, "--kube-version", case.kubernetes]
        place = self._copy(case.templates)
        return [self.helm, "template", case.release, place, *given, "--namespace", case.namespace, *only]

    def _copy(self, templates: tuple[str, ...]) -> Path:
        if not templates:
            return self.chart
        with self._turn:
            if templates not in self._copies:
                self._copies[templates] = self._copied(templates)
            return self._copies[templates]

    def _copied(self, templates: tuple[str, ...]) -> Path:
        place = self.scratch / f"chart-{len(self._copies)}" / self.chart.name
        wanted = {template.removeprefix("templates/") for template in templates}

        def unwanted(folder: str, names: list[str]) -> list[str]:
            inside = Path(folder).relative_to(self.chart)
            return [name for name in names if _is_unwanted(inside / name, wanted)]

        shutil.copytree(self.chart, place, ignore=unwanted)
        return place


def _is_unwanted(path: Path, wanted: set[str]) -> bool:
    if path.parts[0] != "templates" or path.suffix != ".yaml":
        return False
    inside = path.relative_to("templates")
    return inside.parts[0] not in ALWAYS and str(inside) not in wanted


def mismatches(case: Case, refusal: str, objects: list[Object]) -> list[str]:
    """Return what of a rendering is not as *case* records it, one line each."""
    if case.refused:
        return [] if refusal else ["renders, but the values must be refused"]
    return [f"does not render: {refusal}"] if refusal else list(_compared(case, objects))


def _compared(case: Case, objects: list[Object]) -> Iterator[str]:
    found = {_identity(item): item for item in objects}
    for wanted in case.objects:
        kind, name = _identity(wanted)
        if (item := found.pop((kind, name), None)) is None:
            yield f"{kind} {name}: absent"
        else:
            yield from (f"{kind} {name} {line}" for line in differences(wanted, item))
    if not case.objects and objects:
        yield f"{len(objects)} objects where none is wanted"


def _identity(item: Object) -> tuple[Any, Any]:
    return item.get("kind"), (item.get("metadata") or {}).get("name")


def differences(wanted: object, found: object, path: str = "") -> Iterator[str]:
    """Yield a line for each place where *found* lacks or contradicts *wanted*; it may have more keys."""
    if wanted in (ANY, found):
        return
    if isinstance(wanted, dict) and isinstance(found, dict):
        yield from _keys(wanted, found, path)
    elif isinstance(wanted, list) and isinstance(found, list):
        yield from _elements(wanted, found, path)
    else:
        yield f"{path}: {_short(wanted)} wanted, {_short(found)} found"


def _keys(wanted: Mapping[str, Any], found: Mapping[str, Any], path: str) -> Iterator[str]:
    for key, value in wanted.items():
        if key in found:
            yield from differences(value, found[key], f"{path}.{key}")
        elif value not in NOTHING:
            yield f"{path}.{key}: {_short(value)} wanted, nothing found"


def _elements(wanted: list[Any], found: list[Any], path: str) -> Iterator[str]:
    names = _names(wanted), _names(found)
    if names[0] is not None and names[1] is not None:
        for name in sorted(names[0].keys() ^ names[1].keys()):
            yield f"{path}[{name}]: only {'wanted' if name in names[0] else 'found'}"
        for name in names[0].keys() & names[1].keys():
            yield from differences(names[0][name], names[1][name], f"{path}[{name}]")
    elif len(wanted) != len(found):
        yield f"{path}: {len(wanted)} elements wanted, {len(found)} found"
    else:
        for index, (left, right) in enumerate(zip(wanted, found, strict=True)):
            yield from differences(left, right, f"{path}[{index}]")


def _names(elements: list[Any]) -> dict[str, Any] | None:
    """Return name → element where each has a name of its own; their order then does not count."""
    if not all(isinstance(element, dict) and "name" in element for element in elements):
        return None
    named = {element["name"]: element for element in elements}
    return named if len(named) == len(elements) else None


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 120 else f"{text[:120]}…"
