"""Where in the repository a changed object of the release comes from: a template, or one line of values.yaml. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

Keys = tuple[str, ...]


@dataclass(frozen=True)
class Sources:
    """*chart* is the chart's folder in the repository; *line* where the one changed value stands, if it is known."""

    chart: str
    line: str = ""

    def of(self, template: str) -> str:
        """Return the source of an object that Helm says comes from *template* ("airflow/templates/…")."""
        return self.line or f"{self.chart}/{template.partition('/')[2]}"


def sources(
    chart: Path, root: Path, values_file: Path | None, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Sources:
    """Return where changes come from, by the values of the last revision and of the next one.

    A line of *values_file* is named only where exactly one value differs, which stands there.
    """
    folder = _relative(chart, root)
    changed = list(_changed(before, after, ()))
    if len(changed) != 1 or values_file is None or not before:
        return Sources(folder)
    found = _line(yaml.compose(values_file.read_text(encoding="utf-8")), changed[0])
    return Sources(folder, f"{_relative(values_file, root)}:{found}" if found else "")


def _relative(path: Path, root: Path) -> str:
    return str(path.relative_to(root)) if path.is_relative_to(root) else path.name


def _changed(before: Any, after: Any, keys: Keys) -> Iterator[Keys]:
    if before == after:
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in dict.fromkeys((*before, *after)):
            yield from _changed(before.get(key), after.get(key), (*keys, str(key)))
    else:
        yield keys


def _line(node: yaml.Node | None, keys: Keys) -> int:
    """Return the line of the value at *keys*; 0 where it does not stand there."""
    if not keys:
        return node.start_mark.line + 1 if node else 0
    if not isinstance(node, yaml.MappingNode):
        return 0
    for key, value in node.value:
        if key.value == keys[0]:
            return key.start_mark.line + 1 if len(keys) == 1 else _line(value, keys[1:])
    return 0
