"""`status:` of environment.yaml: from when on something is reported."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from aerodrome.modelling import Model
from aerodrome.quantities import Duration


class StatusSettings(Model):
    """What an environment reports of itself."""

    idle_after: Duration = Field(
        timedelta(days=30),
        description="A DAG without a run for so long is shown by `make status`, and told to its tenant's alert "
        "channels once in each such time.",
    )
