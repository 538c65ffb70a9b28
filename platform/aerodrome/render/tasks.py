"""One task as code: its operator, parameters and settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from aerodrome import names
from aerodrome.manifest.dag import Task, TaskSettings
from aerodrome.manifest.loaded import LoadedDag
from aerodrome.policy.placement import POD_TEMPLATE, Placement
from aerodrome.render import code, values
from aerodrome.render.scope import Imports
from common_plugins.catalogue.base import CatalogueEntry

# Airflow takes a factor: the delay doubles with each retry.
_BACKOFF = 2.0


@dataclass(frozen=True)
class Writer:
    """Writes the tasks of one DAG; *runtime* is the digest of the tenant's virtual environment."""

    tenant: str
    dag: LoadedDag
    runtime: str | None
    variables: Mapping[str, str]
    lines: Mapping[str, int]
    placements: Mapping[str, Placement]
    imports: Imports

    def statement(self, task: Task) -> code.Statement:
        """Return `load = SqlQueryOperator(task_id="load", …)`, mapped where *task* expands parameters."""
        entry = self.dag.parameters[task.id]
        operator = self.imports.use(*entry.operator.split(":"))
        line = self.lines[task.id]
        keywords = self._keywords(task, entry)
        if not task.expand:
            return code.Assign(self.variables[task.id], code.Call(operator, (), keywords, line))
        partial = code.Call(code.Name(f"{operator.name}.partial"), (), keywords, line)
        mapped = {name: self._value(value) for name, value in task.expand.items()}
        return code.Assign(self.variables[task.id], code.Method(partial, "expand", mapped))

    def _keywords(self, task: Task, entry: CatalogueEntry) -> dict[str, code.Expression]:
        keywords: dict[str, code.Expression] = {"task_id": code.Literal(task.id)}
        for name in said_parameters(task, entry):
            keywords[name] = self._value(getattr(entry, name))
        if entry.runs_tenant_code and self.runtime is not None:
            keywords["runtime"] = code.Literal(self.runtime)
        keywords |= settings(self.tenant, task, self.imports)
        keywords |= _placed(self.placements[task.id])
        if task.max_active_tis_per_dag is not None:
            keywords["max_active_tis_per_dag"] = code.Literal(task.max_active_tis_per_dag)
        keywords |= {
            key: self._assets(some)
            for key, some in (("inlets", task.consumes), ("outlets", task.produces))
            if some
        }
        if task.doc_md is not None:
            keywords["doc_md"] = code.Literal(task.doc_md)
        return keywords

    def _value(self, value: Any) -> code.Expression:
        return values.parameter(value, self.variables)

    def _assets(self, some: Iterable[str]) -> code.Expression:
        return code.ListOf([values.asset(self.imports, self.tenant, name) for name in some])


def _placed(placement: Placement) -> dict[str, code.Expression]:
    if placement.executor is None:
        return {}
    config = {POD_TEMPLATE: placement.pod_template}
    return {"executor": code.Literal(placement.executor), "executor_config": code.literal(config)}


def said_parameters(task: Task, entry: CatalogueEntry) -> list[str]:
    """Return the parameters that the manifest gives a single value, in the catalogue's order."""
    return [
        name
        for name in type(entry).model_fields
        if name in entry.model_fields_set and name not in task.expand
    ]


def references(dag: LoadedDag) -> dict[str, tuple[str, ...]]:
    """Return task → the tasks whose XCom it reads; tasks that read none are left out."""
    found = {task.id: _references_of(task, dag.parameters[task.id]) for task in dag.model.tasks}
    return {task: sources for task, sources in found.items() if sources}


def settings(tenant: str, said: TaskSettings, imports: Imports) -> dict[str, code.Expression]:
    """Return what *said* sets, as keywords of an operator."""
    keywords: dict[str, code.Expression] = {}
    for name in ("queue", "pool", "pool_slots", "priority_weight", "retries"):
        if (value := getattr(said, name)) is not None:
            keywords[name] = code.Literal(names.pool(tenant, value) if name == "pool" else value)
    for name in ("retry_delay", "max_retry_delay", "execution_timeout"):
        if (value := getattr(said, name)) is not None:
            keywords[name] = values.duration(imports, value)
    if said.retry_exponential_backoff is not None:
        keywords["retry_exponential_backoff"] = code.Literal(
            _BACKOFF if said.retry_exponential_backoff else 0
        )
    for name in ("trigger_rule", "depends_on_past"):
        if (value := getattr(said, name)) is not None:
            keywords[name] = code.Literal(value)
    return keywords


def _references_of(task: Task, entry: CatalogueEntry) -> tuple[str, ...]:
    said = [getattr(entry, name) for name in said_parameters(task, entry)]
    return values.referenced_tasks([*said, *task.expand.values()])
