"""What a task's parameters name: connections, variables and other DAGs."""

from __future__ import annotations

from functools import cache

from aerodrome.manifest.dag import Task
from aerodrome.policy.facts import scoped_names
from common_plugins.catalogue.base import CatalogueEntry


def named(tenant: str, entry: CatalogueEntry, task: Task, kind: str) -> tuple[str, ...]:
    """Return Airflow's names of what the parameters of *kind* name, those of all mapped copies together."""
    parameters = parameters_of_kind(type(entry), kind)
    if not parameters:
        return ()
    return scoped_names(
        tenant,
        kind,
        [task.expand[name] if name in task.expand else getattr(entry, name) for name in parameters],
    )


@cache
def parameters_of_kind(entry: type[CatalogueEntry], kind: str) -> tuple[str, ...]:
    """Return the parameters of the catalogue entry whose text is of *kind*."""
    return tuple(name for name in entry.model_fields if entry.kind_of(name) == kind)
