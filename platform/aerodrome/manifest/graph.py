"""Which task comes before which."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from aerodrome.manifest.dag import DagManifest, Task

Edges = Mapping[str, frozenset[str]]


class Graph:
    """The tasks of a DAG and the tasks directly before each."""

    def __init__(self, model: DagManifest, tasks: Iterable[Task]) -> None:
        self.tasks = {task.id: task for task in tasks}
        self.groups = {group.id: group for group in model.task_groups}

    @cached_property
    def members(self) -> Edges:
        """Return group → the tasks in it and in the groups inside it."""
        found: dict[str, set[str]] = {group: set() for group in self.groups}
        for task in self.tasks.values():
            for group in self.groups_of(task.group):
                found[group].add(task.id)
        return {group: frozenset(tasks) for group, tasks in found.items()}

    @cached_property
    def before(self) -> Edges:
        """Return task → the tasks that come directly before it; a teardown comes after its setups."""
        return {
            task.id: frozenset(
                before
                for need in (*task.needs, *task.teardown_of)
                for before in self.members.get(need, (need,))
            )
            for task in self.tasks.values()
        }

    @cached_property
    def after(self) -> Edges:
        """Return task → the tasks that come directly after it."""
        found: dict[str, set[str]] = {task: set() for task in self.tasks}
        for task, before in self.before.items():
            for earlier in before & found.keys():
                found[earlier].add(task)
        return {task: frozenset(later) for task, later in found.items()}

    def groups_of(self, group: str | None) -> Iterator[str]:
        """Return *group* and the groups around it; stops where they are inside one another in a circle."""
        seen: set[str] = set()
        while group in self.groups and group not in seen:
            yield group
            seen.add(group)
            group = self.groups[group].parent

    def upstream(self, task: str) -> frozenset[str]:
        """Return every task that has ended when *task* starts."""
        seen: set[str] = set()
        waiting = list(self.before.get(task, ()))
        while waiting:
            earlier = waiting.pop()
            if earlier not in seen:
                seen.add(earlier)
                waiting.extend(self.before.get(earlier, ()))
        return frozenset(seen)

    def is_setup(self, task: str) -> bool:
        """Return whether *task* is known and a setup."""
        return task in self.tasks and self.tasks[task].setup

    def cycle(self) -> list[str] | None:
        """Return the tasks of one cycle, its first also last, or None."""
        return find_cycle(self.before)


def find_cycle(before: Edges) -> list[str] | None:
    """Return one cycle in order of execution, its first also last, or None."""
    done: set[str] = set()
    for start in before:
        found = _cycle_from(start, before, done)
        if found:
            return found
    return None


def _cycle_from(start: str, before: Edges, done: set[str]) -> list[str] | None:
    # A stack of its own: a chain of a thousand tasks is deeper than Python's.
    trail: list[str] = []
    stack: list[tuple[str, bool]] = [(start, False)]
    while stack:
        node, leaving = stack.pop()
        if leaving:
            trail.pop()
            done.add(node)
        elif node in trail:
            return [node, *reversed(trail[trail.index(node) :])]
        elif node not in done:
            trail.append(node)
            stack.append((node, True))
            stack.extend((earlier, False) for earlier in sorted(before.get(node, ()), reverse=True))
    return None
