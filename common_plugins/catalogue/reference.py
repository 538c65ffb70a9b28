"""The catalogue as its reference page and as rows for a terminal."""

from __future__ import annotations

import json
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from pydantic.fields import FieldInfo

from common_plugins.catalogue.base import RETURN_VALUE, CatalogueEntry
from common_plugins.catalogue.registry import entries

KIND_WORDS = {
    "template": "text",
    "environment": "text",
    "json": "JSON",
    "connection": "connection",
    "variable": "variable",
    "dag": "DAG",
    "function": "function",
    "data_path": "path in the data folder",
    "package_file": "file of a package",
    "duration": "duration",
}
_PLAIN_WORDS: dict[Any, str] = {str: "text", int: "whole number", float: "number", bool: "true or false"}


@dataclass(frozen=True)
class Parameter:
    """One parameter of an operator; *default* None: it must be given, "": it may be left out."""

    name: str
    type: str
    default: str | None
    description: str


@dataclass(frozen=True)
class Row:
    """One operator."""

    uses: str
    summary: str
    parameters: tuple[Parameter, ...]
    notes: tuple[str, ...]


def rows() -> tuple[Row, ...]:
    """Return every operator of the catalogue, sorted by name."""
    return tuple(_row(entry) for entry in entries().values())


def markdown() -> str:
    """Return the reference page of the catalogue."""
    return "\n".join([*_PREFACE, *(line for row in rows() for line in _section(row))]) + "\n"


_PREFACE = (
    "# Operators",
    "",
    "What `uses` of a task may name; the parameters stand below `with`. This page is generated from",
    "`common_plugins/catalogue/`.",
    "",
    "Text and JSON may hold templates (`{{ ds }}`) and references to the result of an upstream task",
    "(`{$x: task}`). A connection or variable is one that `tenant.yaml` names, or `global.<name>` of those",
    "that environment.yaml lists for all tenants.",
)


def _row(entry: type[CatalogueEntry]) -> Row:
    parameters = tuple(_parameter(entry, name, field) for name, field in entry.model_fields.items())
    return Row(entry.uses, (entry.__doc__ or "").strip().splitlines()[0], parameters, tuple(_notes(entry)))


def _parameter(entry: type[CatalogueEntry], name: str, field: FieldInfo) -> Parameter:
    return Parameter(name, _type(entry.kind_of(name), field), _default(field), field.description or "")


def _type(kind: str | None, field: FieldInfo) -> str:
    annotation = field.annotation
    word = KIND_WORDS[kind] if kind else _word(annotation)
    if kind is None or kind == "json":
        return word
    shapes = set(_origins(annotation))
    if dict in shapes:
        return f"names and {word}s"
    if typing.get_origin(_bare(annotation)) is tuple:
        return f"list of {word}s"
    if tuple in shapes:
        return f"{word} or list"
    return word


def _word(annotation: Any) -> str:
    if annotation in _PLAIN_WORDS:
        return _PLAIN_WORDS[annotation]
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Literal:
        return " · ".join(f"`{choice}`" for choice in arguments)
    if origin is tuple:
        return f"list of {_word(_bare(arguments[0]))}s"
    return "names and texts" if origin is dict else "text"


def _bare(annotation: Any) -> Any:
    return annotation.__origin__ if hasattr(annotation, "__metadata__") else annotation


def _origins(annotation: Any) -> Iterator[Any]:
    bare = _bare(annotation)
    if typing.get_origin(bare) is not None:
        yield typing.get_origin(bare)
        for argument in typing.get_args(bare):
            yield from _origins(argument)


def _default(field: FieldInfo) -> str | None:
    if field.is_required():
        return None
    value = field.get_default(call_default_factory=True)
    if value is None or value in ("", (), {}):
        return ""
    if field.annotation is float:
        return _duration(value)
    return json.dumps(value) if isinstance(value, bool | int) else str(value)


def _duration(seconds: float) -> str:
    for size, unit in ((3600, "h"), (60, "m"), (1, "s")):
        if seconds % size == 0:
            return f"{seconds / size:.0f}{unit}"
    return f"{seconds}s"


def _notes(entry: type[CatalogueEntry]) -> Iterator[str]:
    if entry.connection_types:
        yield f"Connection: {', '.join(entry.connection_types)}."
    if entry.runs_tenant_text:
        yield "Refused on queues whose workers tenants share."
    if entry.sensor:
        yield "A sensor: it waits."
    if entry.runs_tenant_code:
        yield "Uses the tenant's own environment, process and user."
    if not entry.results:
        yield "Hands nothing to later tasks: no reference can name it."
    elif RETURN_VALUE not in entry.results:
        keys = " or ".join(f"`{{$x: {{task: …, key: {key}}}}}`" for key in sorted(entry.results))
        yield f"Later tasks refer to {keys}."
    if fixed := [f"`{name}`" for name in entry.model_fields if not entry.can_be_mapped(name)]:
        yield f"Not in `expand`: {', '.join(fixed)}."


def _section(row: Row) -> Iterator[str]:
    yield from ("", f"## {row.uses}", "", row.summary, *row.notes)
    if not row.parameters:
        yield from ("", "No parameters.")
        return
    yield from ("", "| parameter | type | default | |", "|---|---|---|---|")
    for parameter in row.parameters:
        cells = (f"`{parameter.name}`", parameter.type, _cell(parameter.default), parameter.description)
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _cell(default: str | None) -> str:
    if default is None:
        return "required"
    return f"`{default}`" if default else ""


__all__ = ["Parameter", "Row", "markdown", "rows"]
