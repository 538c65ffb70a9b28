"""Durations and sizes as people write them: '90s', '1h30m', '512Mi'."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, WithJsonSchema

from common_plugins.catalogue import durations

DURATION_PATTERN = durations.PATTERN
MEMORY_PATTERN = r"^[1-9]\d*(Ki|Mi|Gi|Ti)$"
_MEMORY = re.compile(r"^([1-9]\d{0,11})(Ki|Mi|Gi|Ti)$", re.ASCII)
_LONGEST = timedelta(days=3650)
_SMALLEST = 2**20
_UNITS = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}


def parse_duration(value: Any) -> timedelta:
    """Return the duration that *value* says, such as '90s', '1h30m' or '2d'."""
    if isinstance(value, timedelta):
        return value
    return timedelta(seconds=durations.seconds(value))


def parse_memory(value: Any) -> int:
    """Return the bytes that *value* says, such as '512Mi' or '2Gi'."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= _SMALLEST:
        return value
    match = _MEMORY.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("write a size as a number and a unit: '512Mi', '2Gi'")
    return int(match[1]) * _UNITS[match[2]]


def format_duration(value: timedelta) -> str:
    """Return *value* as people write it: '1h30m'."""
    seconds = int(value.total_seconds())
    parts = [
        (seconds // 86400, "d"),
        (seconds % 86400 // 3600, "h"),
        (seconds % 3600 // 60, "m"),
        (seconds % 60, "s"),
    ]
    return "".join(f"{number}{unit}" for number, unit in parts if number) or "0s"


def format_memory(value: int) -> str:
    """Return *value* bytes in the largest unit that divides it: '512Mi'."""
    unit, size = max(
        ((u, s) for u, s in _UNITS.items() if value % s == 0), key=lambda pair: pair[1], default=("", 1)
    )
    return f"{value // size}{unit}"


def _bounded(value: timedelta) -> timedelta:
    # Some thousand years after today there is no date any more: the scheduler would fall over it.
    if not timedelta(0) < value <= _LONGEST:
        raise ValueError(f"must be more than 0s and {format_duration(_LONGEST)} at most")
    return value


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    AfterValidator(_bounded),
    PlainSerializer(format_duration, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": DURATION_PATTERN, "examples": ["90s", "15m", "1h30m"]}),
]
"""A `datetime.timedelta` written as '1h30m'; more than nothing, ten years at most."""

Memory = Annotated[
    int,
    BeforeValidator(parse_memory),
    WithJsonSchema({"type": "string", "pattern": MEMORY_PATTERN, "examples": ["512Mi", "2Gi"]}),
]
"""Bytes, written as '512Mi'."""
