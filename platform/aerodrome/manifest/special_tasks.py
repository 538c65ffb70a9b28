"""Mistakes in setup, teardown and branch tasks."""

from __future__ import annotations

from collections.abc import Iterator

from aerodrome.errors import did_you_mean
from aerodrome.manifest.dag import Task
from aerodrome.manifest.draft import Draft
from aerodrome.manifest.graph import Graph
from aerodrome.source.place import Path

BRANCH = "flow.branch"
_CHOICE = "choose"


def check_setups(draft: Draft, graph: Graph) -> None:
    """Report teardowns of what is no setup, and trigger rules that would run a task without its setup."""
    setups = [name for name, task in graph.tasks.items() if task.setup]
    for index, task in draft.tasks:
        if not task.teardown_of:
            _check_after_setup(draft, graph, index, task)
            continue
        _check_teardown(draft, index, task, setups)
        if task.setup:
            draft.report.at(("tasks", index, "setup"), "a task is either setup or teardown")


def _check_teardown(draft: Draft, index: int, task: Task, setups: list[str]) -> None:
    for position, name in enumerate(task.teardown_of):
        path: Path = ("tasks", index, "teardown_of", position)
        if name in draft.ids and name not in setups:
            draft.report.at(path, f"'{name}' is no setup task", "write setup: true there")
        elif name not in setups:
            draft.report.at(path, f"unknown task '{name}'", did_you_mean(name, setups))
    if task.trigger_rule is not None:
        message = "a teardown runs when its setup succeeded and the tasks between have ended"
        draft.report.at(("tasks", index, "trigger_rule"), message, "remove trigger_rule")


def _check_after_setup(draft: Draft, graph: Graph, index: int, task: Task) -> None:
    rule = task.trigger_rule or draft.model.defaults.trigger_rule or "all_success"
    setup = next((name for name in sorted(graph.before[task.id]) if graph.is_setup(name)), None)
    if setup and rule != "all_success":
        message = f"a task after the setup '{setup}' cannot have trigger_rule: {rule}"
        remedy = "only all_success: otherwise it would run without its setup"
        draft.report.at(("tasks", index, "trigger_rule"), message, remedy)


def check_branches(draft: Draft, graph: Graph) -> None:
    """Report branches that choose a task which does not come directly after them."""
    for index, task in draft.tasks:
        if task.uses != BRANCH or _CHOICE in task.expand:
            continue
        after = graph.after[task.id]
        allowed = after | {group for group, members in graph.members.items() if members & after}
        for path, name in _choices(task, ("tasks", index, "with", _CHOICE)):
            if name not in allowed:
                hint = did_you_mean(name, allowed) if allowed else f"write needs: [{task.id}] there"
                draft.report.at(path, f"'{name}' does not come directly after '{task.id}'", hint)


def _choices(task: Task, path: Path) -> Iterator[tuple[Path, str]]:
    said = task.with_.get(_CHOICE)
    pairs = (
        [((*path, index), item) for index, item in enumerate(said)]
        if isinstance(said, list)
        else [(path, said)]
    )
    # What a template or another task chooses is known at run time only.
    return ((place, name) for place, name in pairs if isinstance(name, str) and name and "{" not in name)
