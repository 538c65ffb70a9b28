"""Texts that a JSON Schema allows and that no document fills: found by other means than the holes are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hostile_holes import Hole, holes

# A text with one of these is no free text.
RULED = {"pattern", "enum", "const", "format"}


@dataclass(frozen=True)
class Unfilled:
    """Walks a schema and the documents that are made by it."""

    definitions: Mapping[str, Any]

    def paths(self, schema: Any, found: list[Any], path: str, parents: tuple[str, ...] = ()) -> Iterator[str]:
        """Yield the path of each text of *schema* that is no hole in any of the values *found*."""
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            if name not in parents:
                yield from self.paths(self.definitions[name], found, path, (*parents, name))
        elif "anyOf" in schema or "oneOf" in schema:
            for option in schema.get("anyOf", []) + schema.get("oneOf", []):
                yield from self.paths(option, found, path, parents)
        elif _is_text(schema):
            yield from () if any(isinstance(value, Hole) for value in found) else (path,)
        elif _is_anything(schema):
            yield from () if any(any(True for _ in holes(value)) for value in found) else (path,)
        else:
            yield from self._inside(schema, found, path, parents)

    def _inside(self, schema: Any, found: list[Any], path: str, parents: tuple[str, ...]) -> Iterator[str]:
        mappings = [value for value in found if isinstance(value, dict)]
        for key, inner in schema.get("properties", {}).items():
            values = [value[key] for value in mappings if key in value]
            # `$x` names a task, `$f` a file.
            if key not in ("$x", "$f"):
                yield from self.paths(inner, values, f"{path}.{key}", parents)
        for inner in schema.get("patternProperties", {}).values():
            yield from self.paths(inner, _values(mappings), f"{path}.<name>", parents)
        rest = schema.get("additionalProperties", False)
        if rest is not False and "patternProperties" not in schema:
            if "propertyNames" not in schema and not any(isinstance(key, Hole) for key in _keys(mappings)):
                yield f"{path}.<key>"
            yield from self.paths({} if rest is True else rest, _values(mappings), f"{path}.<value>", parents)
        if "items" in schema:
            items = [item for value in found if isinstance(value, list) for item in value]
            yield from self.paths(schema["items"], items, f"{path}[]", parents)


def unfilled(schema: Mapping[str, Any], documents: Iterable[Any]) -> list[str]:
    """Return the paths of the texts of *schema* that are a hole in none of *documents*."""
    return sorted(set(Unfilled(schema.get("$defs", {})).paths(schema, list(documents), "")))


def _is_text(schema: Mapping[str, Any]) -> bool:
    return schema.get("type") == "string" and not RULED & schema.keys()


def _is_anything(schema: Mapping[str, Any]) -> bool:
    return not {"type", "$ref", "anyOf", "oneOf", "const", "enum"} & schema.keys() or isinstance(
        schema.get("type"), list
    )


def _keys(mappings: list[Any]) -> list[Any]:
    return [key for each in mappings for key in each]


def _values(mappings: list[Any]) -> list[Any]:
    return [value for each in mappings for value in each.values()]
