"""Pages with the keys of a model, and of the models inside it, in tables."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from typing import Any

from pydantic import BaseModel, TypeAdapter

from aerodrome.modelling import EMAIL_PATTERN
from aerodrome.names import NAME_PATTERN
from aerodrome.quantities import DURATION_PATTERN, MEMORY_PATTERN, format_duration, format_memory
from aerodrome.reference.markdown import codes

Schema = Mapping[str, Any]
_WORDS = """\

## Words for types

*name*: lower-case letters, digits and `_`, starts with a letter, 63 characters at most. *duration*: `90s`, `15m`,
`1h30m`, `2d`. *size*: `512Mi`, `2Gi`. *date*: `'2024-01-31'` or `'2024-01-31T06:00:00'`. *mapping of …*: names to
values of that type.
"""
_TYPES = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "object": "mapping",
    "array": "list",
    "null": "null",
}
_PATTERNS = {
    NAME_PATTERN: "name",
    DURATION_PATTERN: "duration",
    MEMORY_PATTERN: "size",
    EMAIL_PATTERN: "mailbox",
}


def model_page(
    title: str, model: type[BaseModel], without: Collection[str] = (), notes: Iterable[str] = ()
) -> str:
    """Return a page with a table for *model* and one for each model inside it.

    Keys of *without* are left out; *notes* are sections that follow the first table.
    """
    schema = model.model_json_schema(by_alias=True)
    parts = {name: part for name, part in schema.get("$defs", {}).items() if "properties" in part}
    known = {title: schema, **parts}
    sections = [f"# {title}\n\n{_text(schema)}\n\n{_table(schema, hidden=without)}", *notes]
    sections += [
        f"## {name}\n\n{_text(part)}\n\n{_part(part, known)}" for name, part in sorted(parts.items())
    ]
    return "\n".join(sections) + _WORDS


def _part(part: Schema, parts: Mapping[str, Schema]) -> str:
    """Return the table of a model inside another; keys that are described elsewhere are only named."""
    properties: Schema = part["properties"]
    others = {name: other for name, other in parts.items() if other is not part}
    model = next((name for name, other in others.items() if _repeats(properties, other)), None)
    if model is not None:
        there = f"[{model}](#{model.lower().replace(' ', '-').replace('.', '')})"
        return f"Its keys mean what they mean in {there}: {codes(properties, ordered=True)}.\n"
    base = next((name for name, other in others.items() if _includes(properties, other)), None)
    if base is None:
        return _table(part)
    return f"It may also have every key of [{base}](#{base.lower()}).\n\n{_table(part, parts[base]['properties'])}"


def _includes(properties: Schema, other: Schema) -> bool:
    return all(properties.get(name) == entry for name, entry in other["properties"].items())


def _repeats(properties: Schema, other: Schema) -> bool:
    """Return whether *other* describes these keys, which may all be left out here and not all of them there."""
    theirs = other["properties"]
    described = all(_text(entry) == _text(theirs.get(name, {})) for name, entry in properties.items())
    left_out = all(entry.get("default", "") is None for entry in properties.values())
    return described and left_out and any(theirs[name] != entry for name, entry in properties.items())


def _table(schema: Schema, hidden: Collection[str] = ()) -> str:
    required = set(schema.get("required", ()))
    shown = {name: part for name, part in schema.get("properties", {}).items() if name not in hidden}
    rows = [_row(name, part, name in required) for name, part in shown.items()]
    return "| key | type | default | meaning |\n|---|---|---|---|\n" + "".join(rows)


def _row(name: str, part: Schema, required: bool) -> str:
    default = "required" if required else _default(part)
    cells = (cell.replace("|", "\\|") for cell in (default, _text(part)))
    return f"| `{name}` | {_type(part)} | {' | '.join(cells)} |\n"


def _default(part: Schema) -> str:
    value = part.get("default")
    if value is None or value in ("", []):
        return ""
    if part.get("pattern") == MEMORY_PATTERN:
        return f"`{format_memory(value)}`"
    if part.get("pattern") == DURATION_PATTERN:
        return f"`{_as_written(value)}`"
    if isinstance(value, list):
        return f"`[{', '.join(map(str, value))}]`"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _as_written(iso_duration: str) -> str:
    return format_duration(TypeAdapter(timedelta).validate_python(iso_duration))


def _type(part: Schema) -> str:
    if "$ref" in part:
        name = part["$ref"].rsplit("/", 1)[-1]
        return f"[{name}](#{name.lower()})"
    if "enum" in part:
        return ", ".join(f"`{value}`" for value in part["enum"])
    options = part.get("anyOf") or part.get("oneOf")
    if options:
        return _either([_type(option) for option in options])
    if part.get("type") == "array":
        return _several("list of", _type(part.get("items", {})))
    inner = part.get("additionalProperties") or next(iter(part.get("patternProperties", {}).values()), None)
    if isinstance(inner, Mapping):
        return _several("mapping of", _type(inner))
    return _word(part)


def _word(part: Schema) -> str:
    kind = part.get("type")
    if kind is None or isinstance(kind, list):
        return "any value"
    if "2024-01-31" in part.get("examples", ()):
        return "date"
    return _PATTERNS.get(part.get("pattern", ""), _TYPES[kind])


def _either(options: Iterable[str]) -> str:
    """Return the alternatives in words; a list of the first one is not spelled out again."""
    found = [option for option in dict.fromkeys(options) if option != "null"]
    if "any value" in found:
        found = [option for option in found if option != "any value"] + ["any value"]
    if "number" in found:
        found = [option for option in found if option != "whole number"]
    return " or ".join("a list of them" if option == f"list of {found[0]}" else option for option in found)


def _several(what: str, inner: str) -> str:
    return (
        f"{what} {inner}s" if inner in ("text", "name", "date", "duration", "number") else f"{what} {inner}"
    )


def _text(part: Schema) -> str:
    return " ".join(str(part.get("description", "")).split())
