"""values.schema.json out of the list of keys."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from aerodrome.reference.chart.keys import ELEMENT, Key, stands_for_many

Schema = dict[str, Any]

_SIMPLE = frozenset({"null", "boolean", "integer", "number", "string"})
_ARRAY = re.compile(r"(?P<null>null or )?array of (?P<items>.+)")
_CHOICE = re.compile(r"(?P<null>null or )?one of (?P<texts>.+)")


def values_schema(keys: Iterable[Key], kubernetes: str) -> str:
    """Return the schema of *keys* as JSON; *kubernetes* defines what Kubernetes calls by names, as JSON too."""
    root: Schema = {"$schema": "http://json-schema.org/draft-07/schema#", "type": "object"}
    for key in sorted(keys, key=lambda key: len(key.parts)):
        parent, part = _place(root, key)
        _put(parent, part, {"description": key.about, **typed(key.type)})
    used = _used(root, json.loads(kubernetes))
    return json.dumps(root | {"definitions": used}, indent=1, ensure_ascii=False) + "\n"


def _place(root: Schema, key: Key) -> tuple[Schema, str]:
    place = root
    for part in key.parts[:-1]:
        place = _below(place, part)
    return place, key.parts[-1]


def _below(place: Schema, part: str) -> Schema:
    if part == ELEMENT:
        return place["items"]  # type: ignore[no-any-return]
    if stands_for_many(part):
        return place["additionalProperties"]  # type: ignore[no-any-return]
    return place["properties"][part]  # type: ignore[no-any-return]


def _put(parent: Schema, part: str, schema: Schema) -> None:
    if part == ELEMENT:
        parent["items"] = schema
    elif stands_for_many(part):
        parent["additionalProperties"] = schema
    else:
        parent.setdefault("properties", {})[part] = schema


def typed(kind: str) -> Schema:
    """Return the schema of a type in the notation of helm/schema/keys."""
    if found := _ARRAY.fullmatch(kind):
        return {"type": _types("array", found["null"]), "items": typed(found["items"])}
    if found := _CHOICE.fullmatch(kind):
        texts: list[str | None] = [*found["texts"].split(", ")]
        return {"enum": [*texts, None] if found["null"] else texts}
    closed = {"additionalProperties": False} if kind.endswith(" closed") else {}
    return _alternatives(kind.removesuffix(" closed").split(" or ")) | closed


def _types(name: str, null: str | None) -> str | list[str]:
    return ["null", name] if null else name


def _alternatives(names: list[str]) -> Schema:
    if names == ["any"]:
        return {}
    if refs := [name for name in names if name[0].isupper()]:
        others = [name for name in names if name not in refs]
        schemas = [{"$ref": f"#/definitions/{name}"} for name in refs]
        return {"anyOf": [*([_alternatives(others)] if others else []), *schemas]}
    plain = [name if name in _SIMPLE else "object" for name in names]
    return {"type": plain if len(plain) > 1 else plain[0]}


def _used(schema: object, definitions: Mapping[str, Schema]) -> dict[str, Schema]:
    found: dict[str, Schema] = {}
    ahead = list(_references(schema))
    while ahead:
        name = ahead.pop()
        if name not in found:
            found[name] = definitions[name]
            ahead += _references(definitions[name])
    return dict(sorted(found.items()))


def _references(schema: object) -> Iterable[str]:
    if isinstance(schema, dict):
        for name, value in schema.items():
            if name == "$ref":
                yield value.rpartition("/")[2]
            else:
                yield from _references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _references(value)
