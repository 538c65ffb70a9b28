"""The policy's mistakes are told in the same run as the manifest's own."""

from __future__ import annotations

from typing import Any

import pytest
from aerodrome.pipeline import build

HEAD = "dag_id: daily\nschedule: null\ntasks:\n"
BROKEN = "  - {id: bad, uses: flow.empyt, retries: 99}\n"
GREEDY = "  - {id: greedy, uses: flow.empty, retries: 99}\n"
DEFAULTS = "defaults: {retries: 99, retires: 1}\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD + BROKEN + GREEDY, [(4, "tasks.bad.uses"), (5, "tasks.greedy.retries")]),
        (HEAD + BROKEN, [(4, "tasks.bad.uses")]),
        (DEFAULTS + HEAD + GREEDY, [(1, "defaults.retires"), (5, "tasks.greedy.retries")]),
        ("defaults: {queue: pi}\n" + HEAD + GREEDY, [(1, "defaults.queue"), (5, "tasks.greedy.retries")]),
        ("tags: [a, a]\nmax_active_runs: 999\n" + HEAD + GREEDY.replace(", retries: 99", ""),
         [(1, "tags[1]"), (2, "max_active_runs")]),
    ],
)  # fmt: skip
def test_one_run_tells_both_and_no_echo(place: Any, text: str, said: list[tuple[int, str]]) -> None:
    """A task with a mistake of its own is not judged: half of it is not what its author meant."""
    place.tenant("alpha")
    place.dag("alpha", "daily", text)
    found = build(place.root, "local", runtimes={}).problems
    assert [(problem.line, problem.field) for problem in found] == said
