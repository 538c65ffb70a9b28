"""Where the company's profile renders otherwise than the official chart, and the rows that say why."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

_POD = re.compile(r"^\.spec(\.jobTemplate\.spec)?\.template\.spec(?=\.)")
_LINE = re.compile(r"(?P<kind>\w+) \S+ (?P<path>\.\S*?): .*", re.DOTALL)
_ABSENT = re.compile(r"(?P<kind>\w+) \S+: absent")


@dataclass(frozen=True)
class Row:
    """A difference that is meant: the pattern of its *place*, the *reason*, and the id of a *case* that shows it.

    In the pattern * stands for any text. Rows that the first case of each topic shows name none.
    """

    place: str
    reason: str
    case: str = ""

    def covers(self, place: str) -> bool:
        """Return whether *place* is one of this row's."""
        return bool(re.fullmatch(re.escape(self.place).replace(r"\*", ".*"), place, re.DOTALL))


def read_rows(file: Path) -> tuple[Row, ...]:
    """Return the rows of *file*."""
    return tuple(Row(**row) for row in yaml.safe_load(file.read_text(encoding="utf-8")))


def place(line: str) -> str:
    """Return what of a *line* of recorded_cases says where: kind and path, below `pod` in pods."""
    if found := _LINE.fullmatch(line):
        return f"{found['kind']} {_POD.sub('pod', found['path']).removeprefix('.')}"
    found = _ABSENT.fullmatch(line)
    return f"{found['kind']} absent" if found else line


def refusals(said: str) -> list[str]:
    """Return what Helm *said* of refused values, one text for each problem, as places begin with it."""
    return [f"refused: {text}" for text in re.findall(r"^  - (.*)$", said, re.MULTILINE)] or [said]


def without_writable_mounts(objects: Iterable[Any]) -> list[Any]:
    """Return *objects* whose containers have no mounts of the volume `writable`, of which its pods have a row.

    Lists of mounts compare by their length otherwise, and a difference in them would go unseen.
    """
    found = list(objects)
    for one in found:
        for container in _containers(one):
            mounts = container.get("volumeMounts") or []
            mounts[:] = [mount for mount in mounts if mount["name"] != "writable"]
    return found


def _containers(one: Any) -> list[Any]:
    spec = one.get("spec") or {}
    template = spec.get("jobTemplate", {}).get("spec", spec).get("template") or {}
    pod = template.get("spec") or {}
    return [*(pod.get("initContainers") or ()), *(pod.get("containers") or ())]
