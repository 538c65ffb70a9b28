"""Parameters of a run: each default must meet what is declared. Patterns are compiled here, never matched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from aerodrome.manifest import patterns
from aerodrome.manifest.dag import Param, ValueSchema
from aerodrome.manifest.draft import Draft
from aerodrome.source.place import Path
from aerodrome.source.shape import shown

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
        if isinstance(param, Param):
            for key, message, remedy in _mistakes(param, scheduled=draft.model.schedule is not None):
                draft.report.at(("params", name, *key), message, remedy)


def _mistakes(param: Param, *, scheduled: bool) -> Iterator[tuple[Path, str, str]]:
    if "default" in param.model_fields_set:
        yield from ((path, message, "") for path, message in _against(param, param.default, ("default",)))
    elif scheduled:
        yield (), "needs a default: scheduled runs get no value from anybody", "add default:"
    yield from _bounds(param, ())
    if param.pattern is not None and (complaint := patterns.complaint(param.pattern)):
        yield ("pattern",), *complaint


def _bounds(schema: ValueSchema, path: Path) -> Iterator[tuple[Path, str, str]]:
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
    # JSON tells true from 1.
    return bool(value == other) and isinstance(value, bool) == isinstance(other, bool)
