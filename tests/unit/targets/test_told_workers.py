"""What a host that could not be set up is told with: what has become of its workers."""

from __future__ import annotations

from typing import Any

import pytest
from aerodrome.clients.ansible_failures import HostFailure
from aerodrome.targets.host_state import with_workers

UNIT = "aerodrome-worker@onprem.service"
BACK = "make room; `make workers ENV=lab LIMIT=h1` takes the host back"
NOTHING: dict[str, Any] = {"changed": False, "serving": [], "draining": [], "resting": {}}


@pytest.mark.parametrize(
    ("answer", "message", "remedy"),
    [
        (None, "its disk is full; its workers may be stopped", BACK),
        (
            {**NOTHING, "resting": {UNIT: "its settings are half new"}},
            f"its disk is full; {UNIT} is stopped and takes no tasks (its settings are half new)",
            BACK,
        ),
        (
            {**NOTHING, "changed": True, "serving": [UNIT]},
            "its disk is full; its workers go on with what they had",
            "make room",
        ),
        ({**NOTHING, "serving": [UNIT]}, "its disk is full", "make room"),
        ({**NOTHING, "draining": [UNIT]}, "its disk is full", "make room"),
    ],
    ids=["not reached", "stopped", "started again", "ran all along", "draining"],
)
def test_what_became_of_the_workers_is_told(answer: Any, message: str, remedy: str) -> None:
    """And the command that takes a host back whose workers do not run."""
    told = with_workers(HostFailure("h1", "", "its disk is full", "make room"), answer, "lab")
    assert (told.message, told.remedy) == (message, remedy)
