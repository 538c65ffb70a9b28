"""In which order the tasks of a file stand, and inside which groups."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from aerodrome.manifest.dag import DagManifest, Task, TaskGroup


@dataclass
class Block:
    """A group, or the DAG itself, with what stands in it; *again*: the group was opened before."""

    group: TaskGroup | None = None
    again: bool = False
    items: list[Task | Block] = field(default_factory=list)


@dataclass(frozen=True)
class _Placed:
    path: tuple[str, ...]
    task: Task | None


def arrange(dag: DagManifest, references: Mapping[str, Sequence[str]]) -> Block:
    """Return the tasks in their groups: each behind those whose XCom it reads, else as in the manifest.

    The tasks of a group stand together; where references forbid that, the group is opened again.
    """
    groups = {group.id: group for group in dag.task_groups}
    placed = _by_reference(_together(_places(dag, groups)), references)
    root = Block()
    opened: set[str] = set()
    for item in placed:
        _innermost(root, item.path, groups, opened).items.extend([item.task] if item.task else [])
    return root


def _places(dag: DagManifest, groups: Mapping[str, TaskGroup]) -> list[_Placed]:
    placed = [_Placed(_path(groups, task.group), task) for task in dag.tasks]
    used = {group for item in placed for group in item.path}
    return placed + [_Placed(_path(groups, name), None) for name in groups if name not in used]


def _path(groups: Mapping[str, TaskGroup], name: str | None) -> tuple[str, ...]:
    path: list[str] = []
    while name is not None and name not in path:
        path.append(name)
        name = groups[name].parent
    return tuple(reversed(path))


def _together(placed: Sequence[_Placed]) -> list[_Placed]:
    first: dict[tuple[str, ...], int] = {}
    for index, item in enumerate(placed):
        for depth in range(1, len(item.path) + 1):
            first.setdefault(item.path[:depth], index)

    def key(pair: tuple[int, _Placed]) -> tuple[int, ...]:
        index, item = pair
        return (*(first[item.path[:depth]] for depth in range(1, len(item.path) + 1)), index)

    return [item for _, item in sorted(enumerate(placed), key=key)]


def _by_reference(placed: Sequence[_Placed], references: Mapping[str, Sequence[str]]) -> Iterator[_Placed]:
    ids = {item.task.id: index for index, item in enumerate(placed) if item.task}
    waits = {
        index: len(references.get(item.task.id, ())) if item.task else 0 for index, item in enumerate(placed)
    }
    readers: dict[int, list[int]] = {}
    for reader, sources in references.items():
        for source in sources:
            readers.setdefault(ids[source], []).append(ids[reader])
    ready = [index for index, count in waits.items() if not count]
    heapq.heapify(ready)
    while ready:
        index = heapq.heappop(ready)
        yield placed[index]
        for waiting in readers.get(index, ()):
            waits[waiting] -= 1
            if not waits[waiting]:
                heapq.heappush(ready, waiting)


def _innermost(root: Block, path: Sequence[str], groups: Mapping[str, TaskGroup], opened: set[str]) -> Block:
    block = root
    for name in path:
        last = block.items[-1] if block.items else None
        if not isinstance(last, Block) or last.group is not groups[name]:
            last = Block(groups[name], name in opened)
            opened.add(name)
            block.items.append(last)
        block = last
    return block
