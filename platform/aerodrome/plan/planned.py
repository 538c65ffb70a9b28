"""A plan with what people should know beside it."""

from __future__ import annotations

from dataclasses import dataclass

from aerodrome.errors import Problem
from aerodrome.plan.document import Plan


@dataclass(frozen=True)
class Planned:
    """What a deploy would change, what keeps single DAGs out of it, and what else people should know."""

    plan: Plan
    problems: tuple[Problem, ...]
    notes: tuple[str, ...] = ()
