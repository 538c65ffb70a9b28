"""`flow.branch`."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from common_plugins.catalogue.base import CatalogueEntry, Texts


class FlowBranch(CatalogueEntry):
    """Go on with the chosen tasks and skip the others that come directly after."""

    uses: ClassVar[str] = "flow.branch"
    operator: ClassVar[str] = "common_plugins.operators.flow_branch:FlowBranchOperator"
    # Airflow ends a branch that skips a task before it would store what the branch returns.
    results: ClassVar[frozenset[str]] = frozenset()

    choose: Texts = Field(
        description="Id or list of ids of tasks or task groups directly after this one; empty skips all."
    )
