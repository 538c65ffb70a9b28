"""Ansible's events as progress and failures: the same lines and the same form as everything else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from aerodrome.clients.ansible_failures import HostFailure, failure, reason, without
from aerodrome.errors import counted
from aerodrome.progress import Progress
from aerodrome.quantities import format_duration

Event = Mapping[str, Any]
# What these say is a role's own finding.
_SAYING = frozenset({"assert", "fail"})
_SHOWN = 3
_KEPT = 20
# Of a host that was never set up every file differs.
_LINES = 40
_GOES_ON = (
    "it goes on draining by itself: run the same command again to wait longer, or end the tasks in Airflow"
)


@dataclass
class Listener:
    """Takes events one by one; *hidden* is secret → what is shown in its place, wherever it comes up.

    *answers* keeps what the last task of our own modules said of each host; *said* what Ansible said of no host.
    With *aloud* Ansible's own output is passed on as well; else, with *check*, the lines of files that would differ.
    """

    progress: Progress
    hidden: Mapping[str, str] = field(default_factory=dict, repr=False)
    aloud: bool = False
    check: bool = False
    failures: dict[str, HostFailure] = field(default_factory=dict)
    answers: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)
    finished: bool = False
    said: list[str] = field(default_factory=list)
    _failed: dict[str, list[HostFailure]] = field(default_factory=dict)
    _differing: dict[str, list[str]] = field(default_factory=dict)

    def __call__(self, event: Event) -> bool:
        """Take one event; nothing of it is to be kept on a disk."""
        data = event.get("event_data") or {}
        handle = _HANDLERS.get(str(event.get("event")))
        if handle is not None:
            handle(self, data)
        elif event.get("event") == "runner_on_file_diff":
            self._differing.setdefault(data["host"], []).extend(str(event.get("stdout") or "").splitlines())
        elif event.get("stdout") and event.get("event") in ("error", "verbose", "warning", "system_warning"):
            self.said = [*self.said, *str(event["stdout"]).splitlines()][-_KEPT:]
        if self.aloud and event.get("stdout"):
            for line in str(event["stdout"]).splitlines():
                self.say(line)
        return False

    def say(self, line: str) -> None:
        """Pass *line* on, without secrets."""
        self.progress(self.shown(line))

    def shown(self, text: str) -> str:
        """Return *text* without secrets."""
        for secret, shown in self.hidden.items():
            text = text.replace(secret, shown)
        return text

    def ok(self, data: Event) -> None:
        """A task is done: what it changed is told."""
        answer = data.get("res") or {}
        if _action(data).startswith("aerodrome_"):
            self.answers[data["host"]] = answer
        differing = self._differing.pop(data["host"], [])
        if answer.get("changed"):
            would = "would " if self.check else ""
            self.say(f"{data['host']}: {would}{_where(data)}")
            self._say_differing(data["host"], differing)

    def failed(self, data: Event) -> None:
        """A task failed, unless its role expects that."""
        if not data.get("ignore_errors"):
            self._fail(data, unreachable=False)

    def unreachable(self, data: Event) -> None:
        """A host was not reached."""
        self._fail(data, unreachable=True)

    def retry(self, data: Event) -> None:
        """A task looks again: which of Airflow's tasks are waited for is told."""
        answer = data.get("res") or {}
        if "busy" in answer:
            self.answers[data["host"]] = answer
            self.say(f"{data['host']}: {still_running(answer.get('tasks') or (), len(answer['busy']))}")

    def stats(self, data: Event) -> None:
        """The run came to its end; what a rescue has mended is no failure."""
        self.finished = True
        lost = {*(data.get("failures") or ()), *(data.get("dark") or ())}
        self.failures = {host: found for host, found in self.failures.items() if host in lost}
        self.changed = dict(data.get("changed") or {})

    def _say_differing(self, host: str, lines: Sequence[str]) -> None:
        if self.aloud or not self.check:
            return
        for line in lines[:_LINES]:
            self.say(f"{host}:   {line}")
        if (more := len(lines) - _LINES) > 0:
            self.say(f"{host}:   … and {counted(more, 'line')} more: VERBOSE=1 shows them")

    def _fail(self, data: Event, *, unreachable: bool) -> None:
        host, answer = str(data["host"]), data.get("res") or {}
        self._differing.pop(host, None)
        if "busy" in answer:
            self.answers[host] = answer
            told = still_running(answer.get("tasks") or (), len(answer["busy"]))
            self.failures[host] = HostFailure(host, "", told, _GOES_ON)
            return
        # Where a host is not reached, no task is to blame.
        where = "" if unreachable else _where(data)
        own = _action(data) in _SAYING
        found = failure(host, where, answer, unreachable=unreachable, own_words=own)
        self._failed.setdefault(host, []).append(without(found, self.hidden))
        self.failures[host] = reason(self._failed[host])


def still_running(tasks: Sequence[Mapping[str, Any]], workers: int) -> str:
    """Return which tasks keep workers from their end, oldest first, as one line."""
    if not tasks:
        return f"{counted(workers, 'worker')} ending"
    told = [
        f"{task['name']} ({format_duration(timedelta(seconds=int(task['seconds'])))})"
        for task in tasks[:_SHOWN]
    ]
    more = f" and {len(tasks) - _SHOWN} more" if len(tasks) > _SHOWN else ""
    return (
        f"{counted(len(tasks), 'task')} still {'runs' if len(tasks) == 1 else 'run'}: {', '.join(told)}{more}"
    )


def _action(data: Event) -> str:
    return str(data.get("task_action", "")).rpartition(".")[2]


def _where(data: Event) -> str:
    task = str(data.get("task", ""))
    role = str(data.get("role", ""))
    # Ansible itself puts the role before the task in some of its events.
    task = task.removeprefix(f"{role} : ")
    return f"{role}: {task}" if role else task


_HANDLERS = {
    "runner_on_ok": Listener.ok,
    "runner_on_failed": Listener.failed,
    "runner_on_unreachable": Listener.unreachable,
    "runner_retry": Listener.retry,
    "playbook_on_stats": Listener.stats,
}
