"""What status says beside the table: no isolation without root, and what a dead supervisor left."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest
from aerodrome.local import leftovers, supervision
from aerodrome.local.deadline import wait_until
from aerodrome.local.ownership import ensure_folder, write_file
from aerodrome.local.platform import Platform
from aerodrome.local.status import NO_ISOLATION, Status, status
from aerodrome.local.topology import Process


@pytest.fixture
def supervised(platform: Platform) -> Iterator[Platform]:
    """The platform with one of its processes under a supervisor; the others are down."""
    layout = platform.layout
    for folder in (layout.run, layout.logs, layout.config):
        ensure_folder(folder, 0o700)
    sleeper = Process("redis", (sys.executable, "-c", "import time; time.sleep(600)"), None, layout.state)
    write_file(supervision.configuration_file(layout), supervision.configuration(layout, [sleeper]))
    supervision.ensure_running(layout)
    supervision.client(layout).start("redis")
    yield platform
    supervision.shut_down(layout)
    shutil.rmtree(layout.run)


def test_without_root_status_says_that_there_is_no_isolation(platform: Platform) -> None:
    """Whether anything is deployed or not."""
    assert status(platform) == Status((), ("nothing is deployed here", NO_ISOLATION))
    assert "there is no isolation between tenants" in NO_ISOLATION


def test_as_root_there_is_nothing_to_say(platform: Platform) -> None:
    """Each tenant's code has a user of its own."""
    as_root = replace(platform, layout=replace(platform.layout, root=True))
    assert status(as_root).warnings == ("nothing is deployed here",)


def test_a_process_that_is_down_is_a_row(supervised: Platform) -> None:
    """All that the environment asks for are there, and the whole is not healthy."""
    found = status(supervised)
    states = {row.name: row.state for row in found.rows}
    assert states["postgres"] == "down" and states["worker-pii"] == "down" and not found.healthy
    assert states["redis"] in ("starting", "running") and found.warnings == (NO_ISOLATION,)


def test_what_a_dead_supervisor_left_is_told(supervised: Platform) -> None:
    """How many processes go on, and what the next deploy does with them."""
    pid = next(p.pid for p in leftovers.find(supervised.layout) if os.getsid(p.pid) == p.pid)
    os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: not leftovers.supervisor_alive(supervised.layout), 10)
    found = status(supervised)
    assert {row.state for row in found.rows} == {"down"}
    assert found.warnings[1:] == (
        "The supervisor died and 1 of its processes goes on: the next deploy ends them and starts anew.",
    )
