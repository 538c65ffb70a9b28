"""A model of what is right in a manifest, so that one run also finds the mistakes behind a misspelt key."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from aerodrome.manifest.dag import DagManifest
from aerodrome.source.place import Path
from aerodrome.source.report import Report
from aerodrome.source.shape import FROM_SOURCE, mistakes, report_mistakes

_ORDER = frozenset({"id", "uses", "needs", "group", "teardown_of", "setup"})
_NEEDED = ("id", "uses")


@dataclass(frozen=True)
class Fitted:
    """A model and where its tasks stand in the file; *connected*: nothing that orders tasks is missing."""

    model: DagManifest
    indices: tuple[int, ...]
    connected: bool


def fit(data: dict[str, Any], report: Report, *, told: bool) -> Fitted | None:
    """Return the model of what is right in *data*, or None; report the rest unless it was *told*."""
    try:
        model = DagManifest.model_validate(data, context=FROM_SOURCE)
        return Fitted(model, tuple(range(len(model.tasks))), connected=True)
    except ValidationError as problem:
        found = mistakes(problem, data)
    if not told:
        report_mistakes(found, DagManifest, report)
    paths = [mistake.path for mistake in found]
    kept, indices = _without(data, paths)
    try:
        model = DagManifest.model_validate(kept, context=FROM_SOURCE)
    except ValidationError:
        return None
    return Fitted(model, indices, connected=not any(_orders(path, data) for path in paths))


def _orders(path: Path, data: dict[str, Any]) -> bool:
    if path[:1] == ("tasks",):
        return len(path) < 3 or path[2] in _ORDER or not _is_task(data, path)
    return path[:1] == ("task_groups",)


def _is_task(data: dict[str, Any], path: Path) -> bool:
    return isinstance(data["tasks"][path[1]], dict)


def _without(data: dict[str, Any], paths: Sequence[Path]) -> tuple[dict[str, Any], tuple[int, ...]]:
    """Return *data* without what stands at *paths*, and which of its tasks are left."""
    in_tasks = [path for path in paths if path[:1] == ("tasks",) and len(path) > 1]
    kept = _top_without(data, [path for path in paths if path not in in_tasks])
    if not isinstance(kept.get("tasks"), list):
        return kept, ()
    tasks = _tasks_without(kept["tasks"], in_tasks)
    return {**kept, "tasks": list(tasks.values())}, tuple(tasks)


def _top_without(data: dict[str, Any], paths: Iterable[Path]) -> dict[str, Any]:
    kept = dict(data)
    for path in paths:
        match path:
            case ("params", str(name), *_) if isinstance(data.get("params"), dict):
                kept["params"] = {key: value for key, value in kept["params"].items() if key != name}
            case ("dag_id", *_):
                # Only the checks see it: a manifest with a mistake is never handed on.
                kept["dag_id"] = "unnamed"
            case (str(key), *_):
                kept.pop(key, None)
    return kept


def _tasks_without(tasks: list[Any], paths: Iterable[Path]) -> dict[int, Any]:
    """Return place → task, without its broken keys; a task that is nothing without them is left out."""
    dropped: set[int] = set()
    keys: dict[int, set[str]] = {}
    for path in paths:
        match path:
            case (_, int(index), str(key), *_) if key in tasks[index] and key not in _NEEDED:
                keys.setdefault(index, set()).add(key)
            case (_, int(index), *_):
                dropped.add(index)
    return {
        index: {key: value for key, value in task.items() if key not in keys.get(index, ())}
        for index, task in enumerate(tasks)
        if index not in dropped
    }
