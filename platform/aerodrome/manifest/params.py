"""Parameters of a run: each default must meet what is declared, and come back from Airflow's database as it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from aerodrome.manifest import patterns
from aerodrome.manifest.dag import Param, ValueSchema
from aerodrome.manifest.draft import Draft
from aerodrome.source.place import Path
from aerodrome.source.shape import shown

Mistake = tuple[Path, str, str]
"""Where in the param, what, and how to mend it."""

_EXAMPLES = {
    "date": "2024-01-31",
    "date-time": "2024-01-31T06:00:00Z",
    "time": "06:00:00",
    "email": "team@example.org",
    "uri": "https://example.org/data",
}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_TYPES: dict[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    # Not by float(): the largest of them has no room for every whole number.
    "integer": lambda value: _is_number(value) and (isinstance(value, int) or value.is_integer()),
    "number": _is_number,
    "boolean": lambda value: isinstance(value, bool),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
    "null": lambda value: value is None,
}


def check_params(draft: Draft) -> None:
    """Report params that contradict themselves, and required ones of DAGs that nobody starts by hand."""
    for name, param in draft.model.params.items():
        described = isinstance(param, Param)
        found = _mistakes(param, draft.model.schedule is not None) if described else _altered(param, ())
        for key, message, remedy in found:
            draft.report.at(("params", name, *key), message, remedy)


def _mistakes(param: Param, scheduled: bool) -> Iterator[Mistake]:
    if "default" in param.model_fields_set:
        yield from ((path, message, "") for path, message in _against(param, param.default, ("default",)))
        yield from _altered(param.default, ("default",))
    elif scheduled:
        yield (), "needs a default: scheduled runs get no value from anybody", "add default:"
    yield from _bounds(param, ())
    if param.pattern is not None:
        yield from _against_pattern(param.pattern, param.default)


def _altered(default: Any, path: Path) -> Iterator[Mistake]:
    """Return a mistake where the scheduler and the API would not read *default* as it was written."""
    if not isinstance(default, list) or all(isinstance(item, dict) for item in default):
        return
    # Airflow stores each mapping in a form of its own, and looks for that form in lists of mappings alone.
    if _holds_mapping(default):
        message = (
            "a list with mappings in it, and other values beside them, is changed when Airflow stores it"
        )
        yield path, message, "let each item be a mapping, or put the list into one: {default: {rows: [...]}}"


def _holds_mapping(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and any(map(_holds_mapping, value)))


def _against_pattern(pattern: str, default: Any) -> Iterator[Mistake]:
    if complaint := patterns.complaint(pattern):
        yield ("pattern",), *complaint
    # A pattern without a complaint is matched in a time that grows with the text alone.
    elif isinstance(default, str) and not re.search(pattern, default):
        yield ("default",), f"{shown(default)} does not match the pattern {shown(pattern)}", ""


def _bounds(schema: ValueSchema, path: Path) -> Iterator[Mistake]:
    if isinstance(schema.type, tuple) and len(set(schema.type)) < max(1, len(schema.type)):
        # To Airflow that is no schema at all: no run could be made.
        yield (*path, "type"), "needs one or more types, each of them once", ""
    low, high = schema.minimum, schema.maximum
    if low is not None and high is not None and low > high:
        yield (*path, "maximum"), f"must not be less than minimum ({low})", ""
    short, long = schema.min_length, schema.max_length
    if short is not None and long is not None and short > long:
        yield (*path, "maxLength"), f"must not be less than minLength ({short})", ""
    if schema.enum is not None and not schema.enum:
        yield (*path, "enum"), "no value is allowed by it", ""
    if schema.items is not None:
        yield from _bounds(schema.items, (*path, "items"))


def _against(schema: ValueSchema, value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """Return what *schema* says against *value*, which stands at *path*."""
    types = (schema.type,) if isinstance(schema.type, str) else schema.type
    if types and not any(_TYPES[name](value) for name in types):
        yield path, f"must be of type {' or '.join(types)}, not {shown(value)}"
    if schema.enum and not any(_same(value, item) for item in schema.enum):
        yield path, f"{shown(value)} is not in enum"
    if _is_number(value):
        yield from ((path, message) for message in _against_number(schema, value))
    elif isinstance(value, str):
        yield from ((path, message) for message in _against_text(schema, value))
    elif isinstance(value, list) and schema.items is not None:
        for index, item in enumerate(value):
            yield from _against(schema.items, item, (*path, index))


def _against_number(schema: ValueSchema, value: float) -> Iterator[str]:
    if schema.minimum is not None and value < schema.minimum:
        yield f"must be {schema.minimum} or more"
    if schema.maximum is not None and value > schema.maximum:
        yield f"must be {schema.maximum} or less"


def _against_text(schema: ValueSchema, value: str) -> Iterator[str]:
    if schema.min_length is not None and len(value) < schema.min_length:
        yield f"needs {schema.min_length} or more characters"
    if schema.max_length is not None and len(value) > schema.max_length:
        yield f"may have {schema.max_length} characters at most"
    if schema.format is not None and not _conforms(value, schema.format):
        yield f"{shown(value)} is not of format {schema.format}, such as {_EXAMPLES[schema.format]}"


def _conforms(value: str, form: str) -> bool:
    # With what Airflow checks the values of a run by; it costs 100 ms to import.
    from jsonschema import FormatChecker

    return FormatChecker().conforms(value, form)


def _same(value: Any, other: Any) -> bool:
    """Return whether JSON holds the two for the same: it tells true from 1, at any depth."""
    if isinstance(value, list) and isinstance(other, list):
        return len(value) == len(other) and all(map(_same, value, other))
    if isinstance(value, dict) and isinstance(other, dict):
        return value.keys() == other.keys() and all(_same(value[key], other[key]) for key in value)
    return bool(value == other) and isinstance(value, bool) == isinstance(other, bool)
