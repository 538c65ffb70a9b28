"""`environments.<name>` of a file, merged into it: mappings key by key, everything else replaced."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import BaseModel

from aerodrome.source.place import Place, overlay

KEY = "environments"


def merged(data: dict[str, Any], environment: str) -> dict[str, Any]:
    """Return *data* as it is in *environment*, without its section of differences."""
    plain = {key: value for key, value in data.items() if key != KEY}
    difference = _section(data, environment)
    return merge(plain, difference) if difference else plain


def merged_place(place: Place, data: dict[str, Any], environment: str) -> Place:
    """Return the places of `merged`."""
    sections = (place.children or {}).get(KEY)
    difference = (
        (sections.children or {}).get(environment) if sections and _section(data, environment) else None
    )
    return overlay(place, difference) if difference else place


def merge(base: Any, difference: Any) -> Any:
    """Return *base* with *difference* merged into it."""
    if not isinstance(base, dict) or not isinstance(difference, dict):
        return difference
    return base | {
        key: merge(base[key], value) if key in base else value for key, value in difference.items()
    }


def described_by(model: Callable[[], type[BaseModel]]) -> Callable[[dict[str, Any]], None]:
    """Return what gives the keys of a section's JSON Schema the descriptions that they have in *model*."""

    def describe(schema: dict[str, Any]) -> None:
        for name, key in schema["properties"].items():
            key["description"] = model().model_fields[name].description

    return describe


def _section(data: dict[str, Any], environment: str) -> dict[str, Any]:
    sections = data.get(KEY)
    found = sections.get(environment) if isinstance(sections, dict) else None
    return found if isinstance(found, dict) else {}
