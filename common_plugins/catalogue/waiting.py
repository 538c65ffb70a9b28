"""What every operator that waits is told in the same words."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from common_plugins.catalogue.base import Seconds

LongestWait = Annotated[
    Seconds,
    Field(
        gt=0,
        description="Longest time to wait. With mode: poke, `execution_timeout` runs meanwhile: a timeout that is "
        "written must fit into it together with one `poke_interval`; of one that is left out, the shorter counts.",
    ),
]
SkippedAtTheEnd = Annotated[
    bool,
    Field(
        description="Skip the task, instead of failing it, when the time is over. With mode: poke, `timeout` must "
        "fit into `execution_timeout` even where it is left out."
    ),
]
