"""The chart's values of an environment: what follows from the tenants, and what environments/<env>/values.yaml adds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path as FilePath
from typing import Any

from aerodrome.environment import FOLDER
from aerodrome.errors import Problem, ProblemsFound
from aerodrome.source.document import read_document
from aerodrome.source.place import Positions

FILE_NAME = "values.yaml"
Keys = tuple[str, ...]
Values = Mapping[str, Any]


def values_file(root: FilePath, environment: str) -> FilePath:
    """Return where the environment's own values stand; an environment need not have any."""
    return root / FOLDER / environment / FILE_NAME


def merged(root: FilePath, environment: str, rendered: Values) -> dict[str, Any]:
    """Return *rendered* with the environment's own values added to it.

    ProblemsFound, with file and line, for each own value that says otherwise than what follows from environment.yaml
    and the tenants' folders: it would take effect in the release alone, and nowhere else.
    """
    path = values_file(root, environment)
    if not path.exists():
        return dict(rendered)
    file = str(path.relative_to(root))
    document = read_document(path, file)
    own = {} if document.data is None else document.data
    positions = Positions(document.place)
    if not isinstance(own, dict):
        raise ProblemsFound([Problem(file, 1, 1, "", "is no mapping of the chart's values", "key: value")])
    problems = [_problem(file, positions, keys) for keys in _contradictions(rendered, own, ())]
    if problems:
        raise ProblemsFound(problems)
    return _merged(rendered, own)


def _merged(base: Values, own: Values) -> dict[str, Any]:
    """Return both in one: maps key by key, all else as *own* has it. Null stays: to Helm it takes a default away."""
    both = {
        key: _merged(base[key], own[key]) for key in base.keys() & own.keys() if _maps(base[key], own[key])
    }
    return {**base, **own, **both}


def _contradictions(base: Values, own: Values, above: Keys) -> Iterator[Keys]:
    for key in sorted(base.keys() & own.keys(), key=str):
        here = (*above, key)
        if _maps(base[key], own[key]):
            yield from _contradictions(base[key], own[key], here)
        elif base[key] != own[key]:
            yield here


def _maps(one: object, other: object) -> bool:
    return isinstance(one, Mapping) and isinstance(other, Mapping)


def _problem(file: str, positions: Positions, keys: Keys) -> Problem:
    line, column = positions.locate_key(keys)
    said = "follows from environment.yaml and the tenants' folders, and this says otherwise"
    return Problem(file, line, column, ".".join(keys), said, "change it there, and remove it here")
