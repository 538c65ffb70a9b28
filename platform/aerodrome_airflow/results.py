"""What a task may hand to later ones: JSON that stays JSON."""

from __future__ import annotations

from typing import Any

# Airflow's own marks: a mapping with them is taken for an object, and made into a live one, where it is read.
_MARKS = frozenset({"__aerodrome_xcom__", "__classname__", "__id__", "__type", "__var"})


class MarkedError(Exception):
    """A result that Airflow would not hand on as it is."""


def refuse_marks(value: Any) -> None:
    """Raise MarkedError where a mapping in *value* has one of the keys by which Airflow marks objects."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            if marks := _MARKS & item.keys():
                raise MarkedError(
                    f"the result has the key {min(marks)!r}, by which Airflow marks objects of its own: rename it"
                )
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
