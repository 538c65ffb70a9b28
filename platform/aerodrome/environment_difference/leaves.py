"""Nested settings as one flat mapping: the name of each value, as people write it → the value as text. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Leaves = dict[str, str]


def leaves(value: Any) -> Leaves:
    """Return name → value of all that is in *value*, by names as `queues.default.slots` and `env[name=A].value`.

    A list of anything but mappings is one value.
    """
    return dict(_leaves(value, ""))


def _leaves(value: Any, name: str) -> Iterator[tuple[str, str]]:
    parts = _parts(value)
    if not parts:
        yield name, value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
    for part, each in parts.items():
        dot = "." if name and not part.startswith("[") else ""
        yield from _leaves(each, f"{name}{dot}{part}")


def _parts(value: Any) -> dict[str, Any]:
    """Return part of a name → what is there; nothing for what is shown as it is."""
    if isinstance(value, Mapping):
        return {str(key): each for key, each in value.items()}
    if not isinstance(value, (list, tuple)) or not all(isinstance(each, Mapping) for each in value):
        return {}
    return _named(value) or {f"[{position}]": each for position, each in enumerate(value)}


def _named(value: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    named = {f"[name={each['name']}]": each for each in value if "name" in each}
    return named if len(named) == len(value) else {}
