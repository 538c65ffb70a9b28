"""The screen of an environment in a cluster."""

from __future__ import annotations

from dataclasses import replace

import pytest
from aerodrome.cli import show_cluster
from aerodrome.clients.airflow_dags import Dag
from aerodrome.environment import Environment
from aerodrome.hosts.inventory import Host, Inventory
from aerodrome.kubernetes.record import Entry, State
from aerodrome.kubernetes.status.airflow import Heard, NotImported, Queue
from aerodrome.kubernetes.status.components import Component
from aerodrome.kubernetes.status.whole import ClusterStatus

ENVIRONMENT = Environment.model_validate(
    {
        "name": "dev",
        "kind": "kubernetes",
        "zones": {"default": {}},
        "queues": {"default": {"zone": "default"}},
        "alert_channels": {"central": {"type": "file", "target": "central.jsonl"}},
    }
)
PARTS = (
    Component("airflow-scheduler", "Deployment", 1, 1, 0, True, "", {}),
    Component("airflow-worker-pii", "StatefulSet", 0, 2, 3, False, "pod pii-0: Unschedulable: [full]", {}),
)  # fmt: skip
HEARD = Heard(
    unhealthy={},
    queues=(Queue("default", 0, None, 2), Queue("gone", 1, 3700, 0, known=False)),
    not_imported=(NotImported("flights", "flights/x.py", "NameError: y"),),
    failing=(Dag("flights", "daily", paused=False), Dag("flights", "hourly", paused=True)),
    idle=(Dag("old", "never", paused=False, ran=False),),
)
HOST = Host("edge1", "192.0.2.1", "onprem", ("onprem",), {}, {}, (), {}, 1, 1)
SCREEN = """\
component           ready  restarts
airflow-scheduler   1/1
airflow-worker-pii  0/2    3         pod pii-0: Unschedulable: [full]

queue    queued  oldest waits  running
default  0                     2
gone     1       1h1m40s       0        the environment has no such queue: nobody takes these

host   address    zone    queues
edge1  192.0.2.1  onprem  onprem

note: no host serves the queue 'far': its tasks wait
deploy  when                       who       commit  went back to
3       2026-11-23T08:00:00+00:00  ada@desk  c1      1

file not imported  tenant   why
flights/x.py       flights  NameError: y

failing tenant  owners                      DAGs whose last run failed
flights         Team <team@example.org>  2 DAGs: daily, hourly (paused)

idle tenant  owners               DAGs without a run for 30d
old          tenants/old is gone  1 DAG: never (never ran)

wrong: Airflow's scheduler gives no sign of life
"""


def made(heard: Heard | None = HEARD) -> ClusterStatus:
    """Return a status with something of everything."""
    return ClusterStatus(
        ENVIRONMENT,
        PARTS,
        heard,
        Inventory("hosts.yml", (HOST,), ("far",)),
        (Entry("ada@desk", "c1", State(1, "b"), back_to=1, number=3, when="2026-11-23T08:00:00+00:00"),),
        {"flights": "Team <team@example.org>", "old": "tenants/old is gone"},
        ("Airflow's scheduler gives no sign of life",),
    )


def shown(found: ClusterStatus, capsys: pytest.CaptureFixture[str]) -> list[list[str]]:
    """Return the words of each line of the screen of *found*."""
    show_cluster.status(found)
    return words(capsys.readouterr().out)


def words(text: str) -> list[list[str]]:
    """Return the words of each line of *text*."""
    return [line.split() for line in text.splitlines()]


def test_all_is_on_one_screen(capsys: pytest.CaptureFixture[str]) -> None:
    """What nobody has to look at takes one line, and markup in a text has no meaning."""
    assert shown(made(), capsys) == words(SCREEN)
    assert len(SCREEN.splitlines()) < 40


def test_hosts_whose_workers_are_not_connected_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    """That alone makes nothing unhealthy: somebody may have drained them."""
    lines = shown(replace(made(), away=(HOST.name,)), capsys)
    assert ["note:", "no", "worker", "of", HOST.name] in [line[:5] for line in lines]
    assert ClusterStatus(ENVIRONMENT, PARTS[:1], away=(HOST.name,)).healthy


def test_many_files_and_dags_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    """Those that are named come first."""
    files = tuple(NotImported("a", f"a/{number:02}.py", "x") for number in range(14))
    dags = tuple(Dag("a", f"d{number}", paused=False) for number in range(9))
    lines = shown(made(Heard({}, (), files, dags, ())), capsys)
    assert words("… and 4 more")[0] in lines
    assert words("a 9 DAGs: d0, d1, d2, d3, d4, d5, … and 3 more")[0] in lines


def test_a_part_that_does_not_work_makes_the_whole_unhealthy() -> None:
    """As does a line of what is wrong."""
    assert not ClusterStatus(ENVIRONMENT, PARTS).healthy
    assert ClusterStatus(ENVIRONMENT, PARTS[:1]).healthy
    assert not ClusterStatus(ENVIRONMENT, PARTS[:1], wrong=("x",)).healthy
