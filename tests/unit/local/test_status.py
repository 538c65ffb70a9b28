"""What status says beside the table: no isolation without root, and what a dead supervisor left."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from aerodrome.cli import documents
from aerodrome.local.machine import leftovers
from aerodrome.local.machine.credentials import airflow_user
from aerodrome.local.machine.deadline import wait_until
from aerodrome.local.machine.ownership import ensure_folder, write_file
from aerodrome.local.machine.platform import Platform
from aerodrome.local.processes import supervision
from aerodrome.local.processes.status import NO_ISOLATION, Status, status
from aerodrome.local.processes.topology import Process
from aerodrome.local.release.deploy import status_of
from aerodrome.render.roles import ADMIN
from stand_in import Dag, Server, serving


@contextmanager
def under_supervision(platform: Platform, name: str) -> Iterator[Platform]:
    """Let a program sleep under the name of one of the platform's processes; the others are down."""
    layout = platform.layout
    for folder in (layout.run, layout.logs, layout.config):
        ensure_folder(folder, 0o700)
    sleeper = Process(name, (sys.executable, "-c", "import time; time.sleep(600)"), None, layout.state)
    write_file(supervision.configuration_file(layout), supervision.configuration(layout, [sleeper]))
    supervision.ensure_running(layout)
    supervision.client(layout).start(name)
    yield platform
    supervision.shut_down(layout)
    shutil.rmtree(layout.run)


@pytest.fixture
def supervised(platform: Platform) -> Iterator[Platform]:
    """The platform with one of its processes under a supervisor."""
    with under_supervision(platform, "redis"):
        yield platform


@pytest.fixture
def served(platform: Platform) -> Iterator[tuple[Server, Platform]]:
    """The platform with an API server that answers, and what that server knows."""
    with serving() as (server, port):
        local = platform.local.model_copy(
            update={"ports": platform.ports.model_copy(update={"api_server": port})}
        )
        there = replace(platform, environment=platform.environment.model_copy(update={"local": local}))
        there.credentials.get(airflow_user(ADMIN))
        with under_supervision(there, "api-server"):
            yield server, there


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


def test_an_airflow_that_answers_and_cannot_tell_its_dags_is_told(served: tuple[Server, Platform]) -> None:
    """Its database is gone, for example: the processes are shown all the same, and nothing counts as healthy."""
    server, platform = served
    server.fails = 1000
    found = status_of(platform)
    assert {row.name: row.state for row in found.processes}["api-server"] == "running"
    assert found.warnings[-1].startswith("Airflow runs and does not tell its DAGs: ")
    assert ": 500" in found.unanswered and found.addresses and not found.healthy
    document = documents.status("local", found)
    assert document["healthy"] is False and found.unanswered in document["notes"] and document["processes"]


def test_an_airflow_that_tells_its_dags(served: tuple[Server, Platform]) -> None:
    """Each with its newest run, and what it could not import."""
    server, platform = served
    server.dags["a.daily"] = Dag()
    server.start("a.daily")
    found = status_of(platform)
    assert [(row.dag, row.state) for row in found.dags] == [("daily", "running")] and found.unanswered == ""
    assert found.warnings[-1] == "Airflow does not import b/x.py: see Airflow's first page"


def test_dags_that_run_no_more_are_told_with_their_owners(served: tuple[Server, Platform]) -> None:
    """One line for each tenant; the others are left out."""
    server, platform = served
    server.dags |= {"alpha.old": Dag(idle=True), "alpha.new": Dag(), "other.old": Dag(idle=True)}
    owner = platform.tenants["alpha"].owners[0]
    assert status_of(platform).warnings[-2:] == (
        f"alpha ({owner.name} <{owner.email}>): no run for 30d of old",
        "other: no run for 30d of old",
    )
