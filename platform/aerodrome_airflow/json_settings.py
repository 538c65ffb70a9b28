"""Settings of a program in a file of JSON, and the one error where they cannot be used."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

Made = TypeVar("Made")


class SettingsError(Exception):
    """The settings cannot be used; the text says which file, and why."""


def text(path: Path) -> str:
    """Return what is in *path*."""
    return path.read_text(encoding="utf-8")


def loaded(
    path: Path,
    make: Callable[[Any], Made],
    *,
    read: Callable[[Path], str] = text,
    error: type[Exception] = SettingsError,
) -> Made:
    """Return what *make* makes of the document in *path*, which *read* reads; *error* where there is no such thing."""
    try:
        return make(json.loads(read(path)))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as problem:
        raise error(f"{path}: {type(problem).__name__}: {problem}") from None
