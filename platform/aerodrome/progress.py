"""How work that takes its time tells people what it does."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str], None]
"""Is given one line for each thing that happens."""

Step = Callable[[str, str], None]
"""Is given the stage that the work is in, and one line for each thing that happens there."""


def silent(_: str) -> None:
    """Tell nobody."""
