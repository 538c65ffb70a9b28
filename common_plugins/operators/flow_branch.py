"""`flow.branch` in Airflow."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from airflow.providers.standard.operators.branch import BaseBranchOperator
from airflow.sdk.exceptions import AirflowFailException

from common_plugins.catalogue.flow_branch import FlowBranch
from common_plugins.tenancy import CatalogueMixin, Context, texts


class FlowBranchOperator(CatalogueMixin, BaseBranchOperator):
    """Go on with the chosen tasks and skip the others that come directly after."""

    uses = FlowBranch.uses
    template_fields = FlowBranch.template_fields()

    def __init__(self, *, choose: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.choose = choose

    def choose_branch(self, context: Context) -> list[str] | None:
        """Return the chosen tasks; None skips all that come directly after."""
        chosen = [name for text in texts(self.choose) if (name := text.strip())]
        after = set(context["ti"].task.downstream_task_ids)
        strangers = [name for name in chosen if not set(self._tasks(context, name)) <= after]
        if strangers:
            raise AirflowFailException(
                f"{', '.join(strangers)}: not directly after this task; allowed: {', '.join(sorted(after))}"
            )
        return chosen or None

    def _tasks(self, context: Context, name: str) -> Iterable[str]:
        return self._expand_task_group_roots(context["ti"], [name])
