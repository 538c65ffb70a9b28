"""A task's request on its way through the execution API's guard."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from figures import Figure
from processes import clean_environment, run
from workshop import PYTHON, Workshop

PROGRAM = Path(__file__).parents[1] / "programs" / "guarded.py"
SHARED = Path(__file__).parents[2] / "shared"
GOAL = 1


def guard(shop: Workshop) -> Iterator[Figure]:
    """Yield the time of a request in the guard, with token and task already known."""
    took = list[float]()
    for turn in range(shop.runs):
        shop.say(f"guarded requests {turn + 1} of {shop.runs}")
        done = run([PYTHON, PROGRAM, SHARED], clean_environment())
        took.append(median(json.loads(done.output.splitlines()[-1])))
    yield Figure(
        "guard_request", "a task's request in the execution API's guard: median", "ms", tuple(took), GOAL
    )
