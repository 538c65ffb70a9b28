"""`a >> [b, c] >> d`: what comes before what, in few lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from aerodrome.manifest.dag import DagManifest, Task
from aerodrome.render import code

_LONGEST = 80
Part = tuple[str, ...]


@dataclass
class _Chain:
    parts: list[Part]

    @property
    def length(self) -> int:
        return sum(len(name) + 4 for part in self.parts for name in part)


def dependencies(
    dag: DagManifest, variables: Mapping[str, str], references: Mapping[str, Sequence[str]]
) -> list[code.Statement]:
    """Return the statements that tie the tasks of *dag*; a reference already ties two tasks."""
    chains = _Chains()
    for task in dag.tasks:
        known = {*references.get(task.id, ()), *task.teardown_of}
        needs = tuple(variables[name] for name in dict.fromkeys(task.needs) if name not in known)
        if needs:
            chains.add(needs, variables[task.id])
    ties: list[code.Statement] = [code.Shift([_part(part) for part in chain.parts]) for chain in chains.found]
    return ties + list(_setups_and_teardowns(dag, variables))


class _Chains:
    def __init__(self) -> None:
        self.found: list[_Chain] = []
        self._ending_with: dict[str, _Chain] = {}
        self._fanning_out_from: dict[str, _Chain] = {}

    def add(self, needs: Part, task: str) -> None:
        """Put *task* behind *needs*: on the end of a chain, beside its end, or as a new chain."""
        source = needs[0] if len(needs) == 1 else None
        if source is not None and (chain := self._ending_with.get(source)) and chain.length < _LONGEST:
            del self._ending_with[source]
            chain.parts.append((task,))
        elif source is not None and (chain := self._fanning_out_from.get(source)):
            self._ending_with.pop(chain.parts[-1][0], None)
            chain.parts[-1] = (*chain.parts[-1], task)
            return
        else:
            chain = _Chain([needs, (task,)])
            self.found.append(chain)
        self._remember(chain, source, task)

    def _remember(self, chain: _Chain, source: str | None, task: str) -> None:
        # What fanned out from an earlier part of the chain can no longer be its end.
        self._fanning_out_from = {
            name: other for name, other in self._fanning_out_from.items() if other is not chain
        }
        self._ending_with[task] = chain
        if source is not None:
            self._fanning_out_from[source] = chain


def _setups_and_teardowns(dag: DagManifest, variables: Mapping[str, str]) -> Iterable[code.Statement]:
    cleaned = {name for task in dag.tasks for name in task.teardown_of}
    for task in dag.tasks:
        if task.setup and task.id not in cleaned:
            yield code.Evaluate(code.Call(code.Name(f"{variables[task.id]}.as_setup")))
        if task.teardown_of:
            yield _teardown(task, variables)


def _teardown(task: Task, variables: Mapping[str, str]) -> code.Statement:
    setups = code.ListOf([code.Name(variables[name]) for name in dict.fromkeys(task.teardown_of)])
    return code.Evaluate(code.Call(code.Name(f"{variables[task.id]}.as_teardown"), (), {"setups": setups}))


def _part(part: Part) -> code.Expression:
    return code.Name(part[0]) if len(part) == 1 else code.ListOf([code.Name(name) for name in part])
