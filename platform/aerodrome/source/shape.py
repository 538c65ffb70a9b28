"""Checking data against a model, with the mistakes told in the words of the file."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar, Union

from pydantic import BaseModel, ValidationError

from aerodrome.errors import did_you_mean
from aerodrome.modelling import PATTERNS
from aerodrome.source.place import Path
from aerodrome.source.report import Report

M = TypeVar("M", bound=BaseModel)

FROM_SOURCE: dict[str, Any] = {"source": True}
"""Validation context: the data was written by a person, not made by the program."""

_NOUNS = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "none_required": "null",
}
_BOUNDS = {
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be {ge} or more",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be {le} or less",
    "too_short": "needs {min_length} or more, has {actual_length}",
    "too_long": "may have {max_length} at most, has {actual_length}",
    "string_too_short": "needs {min_length} or more characters",
    "string_too_long": "may have {max_length} characters at most",
    "finite_number": "must be a finite number",
}
# A report holds fewer; each is compared with all others.
_MOST = 500
_OLD_BOOLEANS = frozenset({"yes", "no", "on", "off", "y", "n"})


@dataclass(frozen=True)
class Mistake:
    """What pydantic found at *path*; *inner*: in one branch of several that the value might have meant."""

    path: Path
    error: Mapping[str, Any]
    inner: bool
    in_key: bool


def check(model: type[M], data: Any, report: Report, base: Path = ()) -> M | None:
    """Return *data* as *model*; where it does not fit, report each mistake below *base* and return None."""
    try:
        return model.model_validate(data, context=FROM_SOURCE)
    except ValidationError as problem:
        report_mistakes(mistakes(problem, data), model, report, base)
        return None


def check_part(model: type[BaseModel], data: dict[str, Any], part: str, report: Report, base: Path) -> None:
    """Report, below *base*, each mistake in the value of the key *part*, and none of other keys."""
    try:
        model.model_validate(data, context=FROM_SOURCE)
    except ValidationError as problem:
        found = [mistake for mistake in mistakes(problem, data) if mistake.path[:1] == (part,)]
        report_mistakes(found, model, report, base, start=1)


def mistakes(problem: ValidationError, data: Any) -> list[Mistake]:
    """Return the mistakes of *problem* with paths into *data*; of several readings, those of the furthest."""
    errors = [dict(error) for error in problem.errors(include_url=False)[:_MOST]]
    found = [_mistake(error, data) for error in errors if not _counts_wrongly(error)]
    return [mistake for mistake in found if not _is_shallow(mistake, found)]


def report_mistakes(
    found: list[Mistake], model: type[BaseModel], report: Report, base: Path = (), start: int = 0
) -> None:
    """Report *found* in the words of *model*, with the paths from *start* on below *base*."""
    groups: dict[Path, list[Mistake]] = {}
    for mistake in found:
        groups.setdefault(mistake.path, []).append(mistake)
    for path, group in groups.items():
        _report_group(base + path[start:], group, model, report)


def _report_group(path: Path, group: list[Mistake], model: type[BaseModel], report: Report) -> None:
    first = group[0]
    kind = first.error["type"]
    if kind == "extra_forbidden":
        allowed = _keys_at(model, first.path[:-1])
        report.at_key(path, f"unknown key '{path[-1]}'", did_you_mean(str(path[-1]), allowed))
    elif kind == "missing":
        report.at(path[:-1], f"the key '{path[-1]}' is missing")
    elif first.in_key:
        report.at_key(path, *_told(first.error))
    else:
        report.at(path, *_told_group(group))


def _told_group(group: list[Mistake]) -> tuple[str, str]:
    nouns = [_noun(mistake.error) for mistake in group]
    if not all(nouns):
        return _told(next(m.error for m, noun in zip(group, nouns, strict=True) if not noun))
    value = group[0].error["input"]
    remedy = ""
    if isinstance(value, str) and value.lower() in _OLD_BOOLEANS and "true or false" in nouns:
        remedy = f"YAML 1.2 reads {value} as text: write true or false"
    instead = "null" if value is None else f"{_kind_of(value)} ({shown(value)})"
    return f"must be {' or '.join(dict.fromkeys(nouns))}, not {instead}", remedy


def _noun(error: Mapping[str, Any]) -> str:
    if error["type"] == "value_error" and "{$x:" in error["msg"]:
        return "a reference {$x: task}"
    return _NOUNS.get(error["type"], "")


def _told(error: Mapping[str, Any]) -> tuple[str, str]:
    kind, context, value = error["type"], error.get("ctx", {}), error["input"]
    if kind in _BOUNDS:
        told = {name: f"{bound:g}" if isinstance(bound, float) else bound for name, bound in context.items()}
        return _BOUNDS[kind].format(**told), ""
    if kind == "literal_error":
        return f"unknown value {shown(value)}", did_you_mean(str(value), _choices(context["expected"]))
    if kind == "string_pattern_mismatch":
        pattern = context["pattern"]
        return f"{shown(value)} does not fit", PATTERNS.get(pattern, f"it must match {pattern}")
    if kind == "value_error":
        return str(context["error"]), ""
    return error["msg"][:1].lower() + error["msg"][1:], ""


def _choices(expected: str) -> list[str]:
    return [word.strip("'") for word in expected.replace(" or ", ", ").split(", ")]


def shown(value: Any) -> str:
    """Return *value* as it may stand in a message: short, on one line."""
    text = f"'{value}'" if isinstance(value, str) and value.isprintable() else repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"


def _kind_of(value: Any) -> str:
    kinds = {
        bool: "a boolean",
        str: "text",
        int: "a number",
        float: "a number",
        list: "a list",
        dict: "a mapping",
    }
    return kinds.get(type(value), "this")


def _mistake(error: dict[str, Any], data: Any) -> Mistake:
    location: tuple[str | int, ...] = error["loc"]
    in_key = location[-1:] == ("[key]",)
    steps: list[str | int] = []
    value, inner = data, False
    for index, step in enumerate(location):
        last = index == len(location) - 1
        if isinstance(value, dict | list) and _holds(value, (step,)):
            value = value[step]  # type: ignore[index]
            steps.append(step)
        elif last and error["type"] == "missing":
            steps.append(step)
        elif step != "[key]":
            inner = True
    return Mistake(tuple(steps), error, inner, in_key)


def _is_shallow(mistake: Mistake, found: list[Mistake]) -> bool:
    length = len(mistake.path)
    return mistake.inner and any(
        other.inner and len(other.path) > length and other.path[:length] == mistake.path for other in found
    )


def _counts_wrongly(error: dict[str, Any]) -> bool:
    # Items with mistakes of their own are not counted: a list of one broken task is no empty list.
    return error["type"] == "too_short" and bool(len(error["input"]) >= error["ctx"]["min_length"])


def _holds(data: Any, path: Path) -> bool:
    for step in path:
        items = data if isinstance(data, dict) else dict(enumerate(data)) if isinstance(data, list) else {}
        if step not in items:
            return False
        data = items[step]
    return True


def _keys_at(model: type[BaseModel], path: Path) -> list[str]:
    found: list[Any] = [model]
    for step in path:
        found = [inner for annotation in found for inner in _inner(annotation, step)]
    models = [item for annotation in found for item in _models(annotation)]
    return [field.alias or name for item in models for name, field in item.model_fields.items()]


def _inner(annotation: Any, step: str | int) -> Iterable[Any]:
    for option in _options(annotation):
        arguments = typing.get_args(option)
        if isinstance(option, type) and issubclass(option, BaseModel):
            yield from (f.annotation for name, f in option.model_fields.items() if step in (name, f.alias))
        elif typing.get_origin(option) is dict:
            yield arguments[1]
        elif typing.get_origin(option) in (tuple, list) and isinstance(step, int):
            yield arguments[0]


def _models(annotation: Any) -> Iterable[type[BaseModel]]:
    return (o for o in _options(annotation) if isinstance(o, type) and issubclass(o, BaseModel))


def _options(annotation: Any) -> Iterable[Any]:
    """Return what *annotation* may stand for: unions and annotations taken apart."""
    origin = typing.get_origin(annotation)
    if origin is Annotated:
        return _options(typing.get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return [option for argument in typing.get_args(annotation) for option in _options(argument)]
    return [annotation]
