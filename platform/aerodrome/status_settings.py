"""`status:` of environment.yaml: from when on `make status` reports something."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from pydantic import Field

from aerodrome.modelling import Model
from aerodrome.quantities import Duration


class StatusSettings(Model):
    """What an environment in a cluster reports of itself."""

    idle_after: Duration = Field(
        timedelta(days=30),
        description="A DAG without a run for so long is reported, with its tenant's owners.",
    )


Mistake = tuple[tuple[str, ...], str, str]
"""Keys below `status`, message, remedy."""


def mistakes(settings: StatusSettings, kind: str) -> Iterator[Mistake]:
    """Yield what is wrong with *settings* beyond their shape."""
    if kind != "kubernetes" and settings != StatusSettings():
        yield (), f"has no effect with kind: {kind}", "remove it"
