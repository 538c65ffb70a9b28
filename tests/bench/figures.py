"""What a row of the benchmark yields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Literal


@dataclass(frozen=True)
class Figure:
    """One measured figure: a sample per run, and what the median is held against."""

    name: str
    what: str
    unit: str
    samples: tuple[float, ...]
    goal: float | None = None
    better: Literal["lower", "higher"] = "lower"
    details: Mapping[str, Any] = field(default_factory=dict)
    """Whatever else was seen: it goes to the raw results and not into the table."""

    @property
    def value(self) -> float:
        """Return the median of the samples."""
        return median(self.samples)

    @property
    def met(self) -> bool | None:
        """Return whether the median reaches the goal; None where there is none."""
        if self.goal is None:
            return None
        return self.value <= self.goal if self.better == "lower" else self.value >= self.goal
