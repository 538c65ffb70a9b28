"""`dag.trigger`."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from common_plugins.catalogue.base import CatalogueEntry, DagName, JsonMap, Seconds


class DagTrigger(CatalogueEntry):
    """Start a run of another DAG of the same tenant."""

    uses: ClassVar[str] = "dag.trigger"
    operator: ClassVar[str] = "common_plugins.operators.dag_trigger:DagTriggerOperator"
    results: ClassVar[frozenset[str]] = frozenset({"trigger_run_id"})

    # Not `dag`: every Airflow operator already takes an argument of that name.
    trigger_dag_id: DagName = Field(description="`dag_id` of the other manifest.")
    conf: JsonMap = Field(default_factory=dict, description="Params of the run.")
    wait: bool = Field(False, description="Wait until the run has ended, and fail when it failed.")
    poke_interval: Seconds = Field(10.0, ge=1, description="Time between two looks while waiting.")
