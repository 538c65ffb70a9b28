"""Checks that look at several manifests of one tenant."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from aerodrome.errors import did_you_mean
from aerodrome.manifest.dag import AllAssets, AnyAsset
from aerodrome.manifest.draft import Draft
from aerodrome.manifest.parameters import texts
from aerodrome.source.place import Path
from aerodrome.source.report import TooManyProblemsError

_ID_LINE = re.compile(r"""^\s*["']?dag_id["']?\s*:\s*["']?([a-z][a-z0-9_]*)""", re.MULTILINE)


@dataclass(frozen=True)
class Broken:
    """What a manifest that could not be checked still tells; *data* is None where it is no document."""

    file: str
    text: str
    data: Any

    @property
    def ids(self) -> frozenset[str]:
        """Return the DAG ids that the manifest probably has."""
        return frozenset(_ID_LINE.findall(self.text))


def check_tenant_wide(drafts: Iterable[Draft], broken: Iterable[Broken]) -> None:
    """Report DAG ids that two manifests have, unknown DAGs and assets that no DAG produces."""
    drafts, broken = list(drafts), list(broken)
    _check_ids(drafts)
    known = {draft.model.dag_id for draft in drafts} | {name for each in broken for name in each.ids}
    disabled = {draft.model.dag_id for draft in drafts if not draft.model.enabled}
    for draft in drafts:
        with suppress(TooManyProblemsError):
            _check_triggers(draft, disabled, known)
    # A manifest that is no document may produce any asset.
    if not any(each.data is None for each in broken):
        produced = {name for draft in drafts for _, task in draft.tasks for name in task.produces}
        produced |= {name for each in broken for name in _named(each.data)}
        for draft in drafts:
            with suppress(TooManyProblemsError):
                _check_assets(draft, produced)


def _check_ids(drafts: list[Draft]) -> None:
    by_id: dict[str, list[Draft]] = {}
    for draft in drafts:
        by_id.setdefault(draft.model.dag_id, []).append(draft)
    for name, same in by_id.items():
        for draft in same if len(same) > 1 else ():
            other = same[0] if draft is not same[0] else same[1]
            line, _ = other.report.positions.locate(("dag_id",))
            remedy = f"{other.report.file}:{line} has it as well; none of them is published"
            with suppress(TooManyProblemsError):
                draft.report.at(("dag_id",), f"duplicate dag_id '{name}'", remedy)


def _check_triggers(draft: Draft, disabled: set[str], known: set[str]) -> None:
    for path, name in _dags_named(draft):
        if name not in known:
            draft.report.at(path, f"unknown DAG '{name}'", did_you_mean(name, known))
        elif name in disabled and draft.model.enabled:
            environment = draft.around.environment.name
            draft.report.at(path, f"the DAG '{name}' is not enabled in {environment}")


def _dags_named(draft: Draft) -> Iterator[tuple[Path, str]]:
    for index, task in draft.tasks:
        entry = draft.around.catalogue.get(task.uses)
        for section, values in (("with", task.with_), ("expand", task.expand)):
            for name, value in values.items():
                if entry and name in entry.model_fields and entry.kind_of(name) == "dag":
                    yield from texts(value, ("tasks", index, section, name))


def _check_assets(draft: Draft, produced: set[str]) -> None:
    for path, name in _assets_read(draft):
        if name not in produced:
            hint = did_you_mean(name, produced) if produced else "no DAG of this tenant produces assets"
            draft.report.at(path, f"no task of this tenant produces the asset '{name}'", hint)


def _assets_read(draft: Draft) -> Iterator[tuple[Path, str]]:
    schedule = draft.model.schedule
    if isinstance(schedule, AllAssets):
        yield from ((("schedule", "all_assets", i), name) for i, name in enumerate(schedule.all_assets))
    if isinstance(schedule, AnyAsset):
        yield from ((("schedule", "any_asset", i), name) for i, name in enumerate(schedule.any_asset))
    for index, task in draft.tasks:
        yield from ((("tasks", index, "consumes", i), name) for i, name in enumerate(task.consumes))


def _named(data: Any) -> Iterator[str]:
    tasks = data.get("tasks") if isinstance(data, dict) else None
    for task in tasks if isinstance(tasks, list) else ():
        produces = task.get("produces") if isinstance(task, dict) else None
        yield from (
            name for name in (produces if isinstance(produces, list) else ()) if isinstance(name, str)
        )
