"""Mistakes in what comes before what: ids, groups, needs, cycles and references."""

from __future__ import annotations

from collections.abc import Iterator

from aerodrome.errors import did_you_mean
from aerodrome.manifest.dag import Task, TaskGroup
from aerodrome.manifest.draft import Draft
from aerodrome.manifest.graph import Graph, find_cycle
from aerodrome.manifest.special_tasks import check_branches, check_setups
from aerodrome.source.place import Path
from common_plugins.catalogue.base import RETURN_VALUE, Reference


def check_order_of_tasks(draft: Draft) -> None:
    """Report everything that is wrong with ids, groups, needs, cycles, references, setups and branches."""
    before = len(draft.report.problems)
    _check_ids(draft)
    _check_groups(draft)
    _check_needs(draft)
    # What comes before what is known only where all of these are right.
    if draft.connected and len(draft.report.problems) == before:
        _check_order(draft)


def _check_ids(draft: Draft) -> None:
    seen: dict[str, str] = {}
    for path, kind, name in _ids(draft):
        if name in seen:
            remedy = f"a {seen[name]} has it already; ids of tasks and groups are one namespace"
            draft.report.at((*path, "id"), f"duplicate id '{name}'", remedy)
        seen.setdefault(name, kind)


def _ids(draft: Draft) -> Iterator[tuple[Path, str, str]]:
    for index, task in draft.tasks:
        yield ("tasks", index), "task", task.id
    for index, group in enumerate(draft.model.task_groups):
        yield ("task_groups", index), "group", group.id


def _check_groups(draft: Draft) -> None:
    groups = {group.id for group in draft.model.task_groups}
    for index, task in draft.tasks:
        if task.group is not None:
            _require_group(draft, ("tasks", index, "group"), task.group, groups)
    for index, group in enumerate(draft.model.task_groups):
        if group.parent is not None:
            _require_group(draft, ("task_groups", index, "parent"), group.parent, groups)
    _check_nesting(draft, draft.model.task_groups)


def _require_group(draft: Draft, path: Path, group: str, groups: set[str]) -> None:
    if group not in groups:
        hint = did_you_mean(group, groups) if groups else f"declare it: task_groups: [{{id: {group}}}]"
        draft.report.at(path, f"unknown task group '{group}'", hint)


def _check_nesting(draft: Draft, groups: tuple[TaskGroup, ...]) -> None:
    cycle = find_cycle({group.id: frozenset([group.parent] if group.parent else []) for group in groups})
    if cycle:
        index = next(index for index, group in enumerate(groups) if group.id == cycle[0])
        draft.report.at(
            ("task_groups", index, "parent"), f"groups inside one another in a circle: {' -> '.join(cycle)}"
        )


def _check_needs(draft: Draft) -> None:
    graph = Graph(draft.model, [task for _, task in draft.tasks])
    for index, task in draft.tasks:
        around = set(graph.groups_of(task.group))
        for position, need in enumerate(task.needs):
            path: Path = ("tasks", index, "needs", position)
            if need not in draft.ids:
                draft.report.at(
                    path, f"unknown task or group '{need}'", did_you_mean(need, draft.ids - {task.id})
                )
            elif need in around or need == task.id:
                what = "itself" if need == task.id else f"the group '{need}' that it is in"
                draft.report.at(path, f"a task cannot wait for {what}")
            elif need in task.needs[:position]:
                draft.report.at(path, f"'{need}' is named twice")


def _check_order(draft: Draft) -> None:
    graph = Graph(draft.model, [task for _, task in draft.tasks])
    cycle = graph.cycle()
    if cycle:
        index = next(index for index, task in draft.tasks if task.id == cycle[1])
        message = f"cycle: {' -> '.join(cycle)}"
        draft.report.at(("tasks", index, "needs"), message, "one of these tasks must not wait for another")
        return
    _check_references(draft, graph)
    check_setups(draft, graph)
    check_branches(draft, graph)


def _check_references(draft: Draft, graph: Graph) -> None:
    upstream: dict[str, frozenset[str]] = {}
    of_index = dict(draft.tasks)
    for path, reference in draft.inclusions.references.items():
        task = of_index.get(int(path[1]))
        if task is None:
            continue
        # Most name what they read from in `needs`: only for others the whole graph before them is looked through.
        if reference.task not in graph.before[task.id] and task.id not in upstream:
            upstream[task.id] = graph.upstream(task.id)
        if reference.task in graph.before[task.id] or reference.task in upstream[task.id]:
            _check_key(draft, path, reference)
        else:
            _report_reference(draft, path, task, reference.task, upstream[task.id])


def _check_key(draft: Draft, path: Path, reference: Reference) -> None:
    if path[2:3] == ("expand",) and len(path) == 4 and reference.key != RETURN_VALUE:
        remedy = "return the list itself from a task of its own, or map over the whole result"
        draft.report.at(path, f"expand takes a task's whole result, not its key '{reference.key}'", remedy)
    entry = draft.parameters.get(reference.task)
    if entry is None or reference.key in entry.result_keys():
        return
    if not entry.result_keys():
        message = f"task '{reference.task}' leaves no result: it would always read as null"
        draft.report.at(path, message, f"{entry.uses}, as it is written there, hands nothing to later tasks")
    else:
        known = ", ".join(sorted(entry.result_keys()))
        more = "; python.call names more in outputs" if entry.uses == "python.call" else ""
        message = f"task '{reference.task}' leaves no result '{reference.key}'"
        draft.report.at(path, message, f"its keys: {known}{more}")


def _report_reference(draft: Draft, path: Path, task: Task, named: str, upstream: frozenset[str]) -> None:
    if named in draft.ids:
        message = f"task '{named}' does not come before '{task.id}'"
        remedy = f"add '{named}' to its needs" if named != task.id else "a task cannot read its own result"
    else:
        hint = (
            did_you_mean(named, upstream)
            if upstream
            else f"no task comes before '{task.id}': name it in needs"
        )
        message, remedy = f"unknown task '{named}'", hint
    draft.report.at(path, message, remedy)
