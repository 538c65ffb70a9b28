"""One difference between the desired and the live deployment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Action = Literal["create", "update", "delete", "restart", "start"]
Progress = Callable[[str], None]


@dataclass(frozen=True, order=True)
class Difference:
    """What an apply would do and why; never a secret's value."""

    action: Action
    what: str
    why: str


def silent(_: str) -> None:
    """Take progress messages and show none."""
