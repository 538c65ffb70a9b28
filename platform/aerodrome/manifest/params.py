"""Parameters of a run: each default must meet what is declared. Patterns are compiled here, never matched."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from aerodrome.errors import did_you_mean
from aerodrome.manifest.dag import Param
from aerodrome.manifest.draft import Draft
from aerodrome.source.place import Path
from aerodrome.source.shape import shown

_LONGEST_PATTERN = 500
_ITEM_KEYS = frozenset(
    {
        "type",
        "enum",
        "minimum",
        "maximum",
        "minLength",
        "maxLength",
        "format",
        "items",
        "title",
        "description",
    }
)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_TYPES: dict[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: _is_number(value) and float(value).is_integer(),
    "number": _is_number,
    "boolean": lambda value: isinstance(value, bool),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
    "null": lambda value: value is None,
}


def check_params(draft: Draft) -> None:
    """Report params that contradict themselves, and required ones of DAGs that nobody starts by hand."""
    for name, param in draft.model.params.items():
        if isinstance(param, Param):
            for key, message, remedy in _mistakes(param, scheduled=draft.model.schedule is not None):
                path: Path = ("params", name, *([key] if key else []))
                draft.report.at(path, message, remedy)


def _mistakes(param: Param, *, scheduled: bool) -> Iterator[tuple[str, str, str]]:
    if "default" in param.model_fields_set:
        yield from (("default", message, "") for message in _against(param, param.default))
    elif scheduled:
        yield "", "needs a default: scheduled runs get no value from anybody", "add default:"
    yield from _bounds(param)
    if param.pattern is not None and (message := _bad_pattern(param.pattern)):
        yield "pattern", message, ""
    if param.items is not None:
        yield from (("items", *mistake) for mistake in _bad_items(param.items))


def _bounds(param: Param) -> Iterator[tuple[str, str, str]]:
    if param.minimum is not None and param.maximum is not None and param.minimum > param.maximum:
        yield "maximum", f"must not be less than minimum ({param.minimum})", ""
    if param.min_length is not None and param.max_length is not None and param.min_length > param.max_length:
        yield "maxLength", f"must not be less than minLength ({param.min_length})", ""
    if param.enum is not None and not param.enum:
        yield "enum", "no value is allowed by it", ""


def _against(param: Param, value: Any) -> Iterator[str]:
    types = (param.type,) if isinstance(param.type, str) else param.type
    if types and not any(_TYPES[name](value) for name in types):
        yield f"must be of type {' or '.join(types)}, not {shown(value)}"
    if param.enum and not any(_same(value, item) for item in param.enum):
        yield f"{shown(value)} is not in enum"
    if _is_number(value) and param.minimum is not None and value < param.minimum:
        yield f"must be {param.minimum} or more"
    if _is_number(value) and param.maximum is not None and value > param.maximum:
        yield f"must be {param.maximum} or less"
    if isinstance(value, str) and param.min_length is not None and len(value) < param.min_length:
        yield f"needs {param.min_length} or more characters"
    if isinstance(value, str) and param.max_length is not None and len(value) > param.max_length:
        yield f"may have {param.max_length} characters at most"


def _same(value: Any, other: Any) -> bool:
    # JSON tells true from 1.
    return bool(value == other) and isinstance(value, bool) == isinstance(other, bool)


def _bad_pattern(pattern: str) -> str:
    if len(pattern) > _LONGEST_PATTERN:
        return f"may have {_LONGEST_PATTERN} characters at most"
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError, MemoryError) as problem:
        return f"not a regular expression: {problem}"
    return ""


def _bad_items(items: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(items, dict):
        yield "must be a mapping", ""
        return
    # No `$ref`, which is fetched, and no `pattern`, which is matched, where Airflow reads a run's values.
    for key in items.keys() - _ITEM_KEYS:
        yield f"unknown key '{key}'", did_you_mean(key, _ITEM_KEYS)
    if "items" in items:
        yield from _bad_items(items["items"])
