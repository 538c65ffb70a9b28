"""The small pieces that every generated page is put together from."""

from __future__ import annotations

from collections.abc import Iterable


def first_line(thing: object) -> str:
    """Return the first line of the docstring of *thing*."""
    return (thing.__doc__ or "").strip().split("\n")[0]


def codes(names: Iterable[str], *, ordered: bool = False) -> str:
    """Return *names* as code, with commas between them; sorted, or as they are *ordered*."""
    return ", ".join(f"`{name}`" for name in (names if ordered else sorted(names)))
