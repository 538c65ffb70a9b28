"""`dag.trigger` in Airflow."""

from __future__ import annotations

from typing import Any

from aerodrome import names
from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator

from common_plugins.catalogue.dag_trigger import DagTrigger
from common_plugins.tenancy import CatalogueMixin, Context


class DagTriggerOperator(CatalogueMixin, TriggerDagRunOperator):
    """Start a run of another DAG of the same tenant."""

    uses = DagTrigger.uses
    template_fields = DagTrigger.template_fields()

    def __init__(
        self,
        *,
        trigger_dag_id: str,
        conf: Any = None,
        wait: bool = False,
        poke_interval: float = 10.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            trigger_dag_id=trigger_dag_id,
            conf=conf,
            wait_for_completion=wait,
            poke_interval=int(poke_interval),
            deferrable=False,
            **kwargs,
        )
        self.wait = wait
        # Airflow draws the edge to the other DAG from this attribute when it reads the file.
        self.trigger_dag_id = names.dag_id(names.tenant_of(self.dag_id), trigger_dag_id)

    def execute(self, context: Context) -> None:
        """Start the run, and wait for its end where the task says so."""
        self.conf = self.conf or {}
        super().execute(context)
