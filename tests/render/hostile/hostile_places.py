"""Every place of a model that takes text, found by the model's types."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Annotated, Any, Union

from hostile_holes import Hole, What
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from typing_extensions import is_typeddict

from common_plugins.catalogue.base import CatalogueEntry

OF_KIND: dict[str | None, What] = {
    None: "plain",
    "template": "template",
    "environment": "environment",
    "json": "template",
    "data_path": "template path",
    "package_file": "path",
}
# Texts that obey rules of their own, by model and field.
SPECIAL: dict[str, What] = {
    "DagManifest.doc_md": "doc",
    "DagManifest.tags": "tag",
    "DagDifferences.tags": "tag",
    "FlowBranch.choose": "choice",
    "Owner.name": "owner",
    "Owner.email": "email",
    "Param.pattern": "pattern",
}
# Texts of which only a few are allowed, or that other fields decide about.
CHOSEN = {
    "DagDifferences.schedule": "a cron expression",
    "DagDifferences.timezone": "a time zone",
    "DagManifest.schedule": "a cron expression",
    "DagManifest.timezone": "a time zone",
    "Param.default": "must be in enum",
    "Param.enum": "must hold the default",
    "ValueSchema.enum": "must hold what the default holds",
    "Task.uses": "an operator",
    "Task.with": "the operator's parameters",
    "Task.expand": "the operator's parameters",
    "TenantManifest.dependencies": "a file",
}


def places(model: type[BaseModel], name: str, option: int = 0) -> dict[str, Any]:
    """Return the fields of *model* that hold text, by the names that authors write, with holes for the texts.

    *option* chooses where a field may be one of several things: a text or a list of them.
    """
    found = {
        field.alias or key: _field(model, key, field, Hole(f"{name}.{field.alias or key}", "plain"), option)
        for key, field in model.model_fields.items()
    }
    return {key: place for key, place in found.items() if place is not None}


def _field(model: type[BaseModel], key: str, field: FieldInfo, hole: Hole, option: int) -> Any:
    label = f"{model.__name__}.{field.alias or key}"
    kind = model.kind_of(key) if issubclass(model, CatalogueEntry) else None
    if label in CHOSEN or kind not in OF_KIND:
        return None
    what = SPECIAL.get(label, OF_KIND[kind])
    return place(field.annotation, replace(hole, what=what), option, _marks(field.metadata))


def place(annotation: Any, hole: Hole, option: int = 0, marks: Iterable[Any] = ()) -> Any:
    """Return what a value of type *annotation* can be with holes for its texts; None where it has no text."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Annotated:
        return place(arguments[0], hole, option, [*_marks(arguments[1:]), *marks])
    if is_typeddict(annotation):
        return _record(typing.get_type_hints(annotation, include_extras=True), hole, option)
    make = _MAKERS.get(origin or annotation)
    return None if make is None else make(arguments, hole, option, list(marks))


def _text(_: Any, hole: Hole, _option: int, marks: list[Any]) -> Hole | None:
    if hole.what in OF_KIND.values() and any(getattr(mark, "pattern", None) for mark in marks):
        return None
    limits = {
        ours: limit
        for ours, theirs in (("least", "min_length"), ("most", "max_length"))
        for mark in marks
        if (limit := getattr(mark, theirs, None)) is not None
    }
    return replace(hole, **limits)


def _json(_: Any, hole: Hole, _option: int, _marks: list[Any]) -> Any:
    return {_key(hole): [hole.inner(0), {_key(hole.inner("inner")): hole.inner(1)}]}


def _mapping(arguments: Any, hole: Hole, option: int, _marks: list[Any]) -> Any:
    key, value = arguments
    called = _key(hole)
    if hole.what == "environment":
        called, hole = replace(called, what="variable"), replace(hole, what="template")
    name, inner = place(key, called), place(value, hole.inner("value"), option)
    return None if name is None or inner is None else {name: inner}


def _list(arguments: Any, hole: Hole, option: int, _marks: list[Any]) -> Any:
    # Two tags with one text are a mistake.
    count = 1 if hole.what == "tag" else 2
    items = [place(arguments[0], hole.inner(index), option) for index in range(count)]
    return None if None in items else items


def _either(arguments: Any, hole: Hole, option: int, marks: list[Any]) -> Any:
    options = [found for each in arguments if (found := place(each, hole, option, marks)) is not None]
    return options[option % len(options)] if options else None


def _record(hints: Mapping[str, Any], hole: Hole, option: int) -> Any:
    found = {key: place(_required(hint), hole.inner(key), option) for key, hint in hints.items()}
    return {key: value for key, value in found.items() if value is not None}


def _key(hole: Hole) -> Hole:
    return Hole(f"{hole.name}.key", "key")


def _required(hint: Any) -> Any:
    return typing.get_args(hint)[0] if typing.get_origin(hint) is typing.NotRequired else hint


def _marks(metadata: Iterable[Any]) -> list[Any]:
    return [mark for each in metadata for mark in (each.metadata if isinstance(each, FieldInfo) else [each])]


_MAKERS: Mapping[Any, Callable[[Any, Hole, int, list[Any]], Any]] = {
    str: _text,
    Any: _json,
    dict: _mapping,
    tuple: _list,
    list: _list,
    Union: _either,
    types.UnionType: _either,
}
