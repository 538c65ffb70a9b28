"""The operator of the platform's own canary: it runs where its queue is served, and says where that is."""

from __future__ import annotations

import platform
from typing import Any

from airflow.sdk import BaseOperator


class CanaryOperator(BaseOperator):
    """Say which worker took the task. It starts nothing and opens nothing."""

    def execute(self, context: Any) -> str:
        """Return the host's name."""
        self.log.info("queue %s is served by %s", self.queue, platform.node())
        return platform.node()
