"""The smoke test at the end of a deploy: the canary runs on every queue, asked for by Airflow's own REST API."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from aerodrome.clients.airflow import Airflow, NotFoundError, patiently
from aerodrome.errors import AerodromeError
from aerodrome.progress import Progress, silent
from aerodrome.render.canary import DAG_ID, task_id

_LINES = 12
_LOOK_SECONDS = 1.0
_LOGS = "docs/how-to/show-logs-of-pods.md says where to look"
_GOOD = frozenset({"success"})
_BAD = frozenset({"failed", "upstream_failed", "removed"})
T = TypeVar("T")
Guard = Callable[[], None]
Standing = Mapping[str, Mapping[str, Any]]
"""Queue → the row of its task, empty before it is there."""
Unserved = Callable[[], Mapping[str, str]]
"""Returns queue → why nobody serves it."""


WorkerLines = Callable[[str], Collection[str]]
"""Returns the last lines that the worker of a host name has written; none where nobody can read them."""


def _none() -> Mapping[str, str]:
    """Know of none."""
    return {}


def _no_lines(_: str) -> Collection[str]:
    """Know of none."""
    return ()


class SmokeError(AerodromeError):
    """Some queue runs no task; the text says which, and what its task wrote."""


@dataclass(frozen=True)
class SmokeTest:
    """One run of the canary on *queues*; *guard* may end it.

    *unserved* tells, when it begins, which of them nobody serves, in words why: they are told, and not tried. Of a task
    that failed and left no log that Airflow shows, *worker_lines* tells what its worker wrote. Logs of the queues in
    *logged* come to a store: those that are not there *arriving* seconds after all went well are told, and no failure.
    *visible*: seconds until Airflow lists the canary as it is now; *taken*: seconds after which a queue has failed
    whose task nobody took; *silent_for*: seconds for which an API server that has just begun may be too busy to answer.
    """

    airflow: Airflow
    queues: Collection[str]
    guard: Guard
    say: Progress = silent
    visible: float = 240
    taken: float = 300
    silent_for: float = 120
    unserved: Unserved = _none
    worker_lines: WorkerLines = _no_lines
    logged: Collection[str] = ()
    arriving: float = 60
    _told: set[str] = field(default_factory=set)

    def run(self) -> None:
        """Return when each queue has run its task; SmokeError names those that did not."""
        self._wait_visible()
        untried = {queue: why for queue, why in self.unserved().items() if queue in self.queues}
        run = str(self._asked(lambda: self.airflow.trigger(DAG_ID))["dag_run_id"])
        self.say(f"run {run} of {DAG_ID}")
        for queue, why in sorted(untried.items()):
            self._leave_out(run, queue)
            self.say(f"queue {queue}: not tried: {why}")
        standing = self._follow(run, set(self.queues) - untried.keys())
        if wrong := {queue: row for queue, row in standing.items() if row.get("state") not in _GOOD}:
            told = [self._failure(run, queue, row) for queue, row in sorted(wrong.items())]
            raise SmokeError("\n".join(told), "see the workers of these queues")
        for queue in self._unlogged(run, standing):
            self.say(
                f"queue {queue}: its task went well, but its log has not arrived in {self.arriving:.0f} s: {_LOGS}"
            )

    def _wait_visible(self) -> None:
        end = time.monotonic() + self.visible
        if not self._is_current():
            self.say(f"waiting for {DAG_ID} to appear")
        while not self._is_current():
            self.guard()
            if time.monotonic() > end:
                said = f"Airflow does not list {DAG_ID} with a task for each queue after {self.visible:.0f} s"
                raise SmokeError(said, "see the log of the DAG processor, and whether it reaches the bundle")
            time.sleep(_LOOK_SECONDS)

    def _is_current(self) -> bool:
        try:
            return self._asked(lambda: self.airflow.queues(DAG_ID)) == set(self.queues)
        except NotFoundError:
            return False

    def _leave_out(self, run: str, queue: str) -> None:
        """Have the run end without the task of *queue*: a worker that finds its message later is refused its start."""
        self._asked(lambda: self.airflow.skip(DAG_ID, run, task_id(queue)))

    def _follow(self, run: str, tried: Collection[str]) -> Standing:
        end = time.monotonic() + self.taken
        while True:
            self.guard()
            found = self._asked(lambda: self.airflow.task_instances(DAG_ID, run))
            rows = {row["task_id"]: row for row in found}
            standing = {queue: rows.get(task_id(queue), {}) for queue in tried}
            self._tell(standing)
            ended = all(row.get("state") in _GOOD | _BAD for row in standing.values())
            if ended or time.monotonic() > end:
                return standing
            time.sleep(_LOOK_SECONDS)

    def _asked(self, question: Callable[[], T]) -> T:
        return patiently(question, self.silent_for, self.guard)

    def _tell(self, standing: Standing) -> None:
        for queue, row in sorted(standing.items()):
            if queue not in self._told and row.get("state") in _GOOD:
                self._told.add(queue)
                self.say(f"queue {queue}: {row.get('hostname') or 'a worker'} took its task")

    def _unlogged(self, run: str, standing: Standing) -> list[str]:
        """Return the queues whose logs do not arrive in time: nothing goes back for them."""
        end = time.monotonic() + self.arriving
        left = {queue: row for queue, row in standing.items() if queue in self.logged}
        while True:
            left = {queue: row for queue, row in left.items() if not self._has_log(run, queue, row)}
            if not left or time.monotonic() > end:
                return sorted(left)
            self.guard()
            time.sleep(_LOOK_SECONDS)

    def _has_log(self, run: str, queue: str, row: Mapping[str, Any]) -> bool:
        try:
            return bool(self._log(run, queue, row))
        except AerodromeError:
            return False

    def _log(self, run: str, queue: str, row: Mapping[str, Any]) -> list[str]:
        attempt = int(row.get("try_number") or 1)
        text = self.airflow.log(DAG_ID, run, task_id(queue), attempt)
        # What stands in groups says where Airflow has looked.
        return [line for line in text.splitlines() if not line.startswith("::")]

    def _failure(self, run: str, queue: str, row: Mapping[str, Any]) -> str:
        state = row.get("state") or "not begun"
        if state not in _BAD:
            return f"queue {queue}: its task is {state}: no worker has taken it"
        shown = self._asked(lambda: self._log(run, queue, row))
        host = str(row.get("hostname") or "")
        written = shown or self.worker_lines(host)
        where = f"{host} wrote" if written and not shown else "its log"
        lines = "\n    ".join([*written][-_LINES:]) or "empty: Airflow shows no logs of these workers"
        return f"queue {queue}: its task {state}; {where}:\n    {lines}"
