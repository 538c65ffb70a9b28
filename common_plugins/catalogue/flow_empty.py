"""`flow.empty`."""

from __future__ import annotations

from typing import ClassVar

from common_plugins.catalogue.base import CatalogueEntry


class FlowEmpty(CatalogueEntry):
    """Do nothing: a place where branches meet or start."""

    uses: ClassVar[str] = "flow.empty"
    operator: ClassVar[str] = "common_plugins.operators.flow_empty:FlowEmptyOperator"
    results: ClassVar[frozenset[str]] = frozenset()
