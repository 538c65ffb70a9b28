"""`flow.empty` in Airflow."""

from __future__ import annotations

from airflow.providers.standard.operators.empty import EmptyOperator

from common_plugins.catalogue.flow_empty import FlowEmpty
from common_plugins.tenancy import CatalogueMixin


class FlowEmptyOperator(CatalogueMixin, EmptyOperator):
    """Do nothing: a place where branches meet or start."""

    uses = FlowEmpty.uses
    template_fields = FlowEmpty.template_fields()
