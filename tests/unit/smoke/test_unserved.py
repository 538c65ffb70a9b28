"""A canary is sent to every queue that somebody serves; of the others it is said why it was not."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from aerodrome.clients import airflow
from aerodrome.clients.airflow import Airflow
from aerodrome.environment import Environment
from aerodrome.hosts.inventory import Host, Inventory
from aerodrome.kubernetes import smoke, unserved_queues
from aerodrome.kubernetes.ending import left_as_they_are
from aerodrome.kubernetes.record import Entry, State
from aerodrome.kubernetes.unserved_queues import UnservedQueues

Serving = Callable[..., AbstractContextManager[Any]]
PLACE = Environment.model_validate(
    {
        "name": "far",
        "kind": "kubernetes",
        "zones": {"default": {}, "onprem": {"workers": "hosts"}, "pii": {"workers": "hosts"}},
        "queues": {name: {"zone": name} for name in ("default", "onprem", "pii")},
        "alert_channels": {"central": {"type": "file", "target": "central.jsonl"}},
    }
)


def _host(name: str, queue: str) -> Host:
    return Host(name, "10.9.9.1", queue, (queue,), {}, {}, (), {}, 1, 1)


HADOOP = Inventory("hosts.yml", (_host("hadoop1", "onprem"), _host("hadoop2", "onprem")))


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smoke, "_LOOK_SECONDS", 0.01)
    monkeypatch.setattr(airflow, "_AGAIN_SECONDS", 0.01)
    monkeypatch.setattr(unserved_queues, "LOOK_SECONDS", 0.01)


def _unserved(*answers: frozenset[str] | None, inventory: Inventory = HADOOP) -> UnservedQueues:
    """Return what hears one of *answers* after the other about who is connected, and the last one from then on."""
    left = list(answers)
    return UnservedQueues(PLACE, inventory, lambda: left.pop(0) if len(left) > 1 else left[0], patience=0.2)


@pytest.mark.parametrize("away", ["503", "cut"])
def test_a_queue_without_a_worker_is_told_and_not_waited_for(canary_server: Serving, away: str) -> None:
    """The others are tried; its task is skipped, so that the run ends and no worker that comes later runs it."""
    told: list[str] = []
    with canary_server(away) as server:
        server.tasks[1]["state"] = "queued"
        test = smoke.SmokeTest(
            Airflow(server.url, "admin", "word"), ("default", "pii"), lambda: None, told.append, taken=0,
            silent_for=20, unserved=lambda: {"pii": "no host"},
        )  # fmt: skip
        test.run()
    assert told[-2:] == ["queue pii: not tried: no host", "queue default: w took its task"]
    assert server.tasks[1]["state"] == "skipped"


def test_a_queue_that_the_canary_has_no_task_for_is_not_left_out(canary_server: Serving) -> None:
    """It came after the canary that a way back has brought: Airflow knows no task to skip."""
    told: list[str] = []
    with canary_server() as server:
        test = smoke.SmokeTest(
            Airflow(server.url, "admin", "word"), ("default", "pii"), lambda: None, told.append,
            unserved=lambda: {"gpu": "no host"},
        )  # fmt: skip
        test.run()
    assert not any("gpu" in text for text in told)


def test_a_queue_whose_host_is_up_is_tried(canary_server: Serving) -> None:
    """And nobody takes its task: that is a failure."""
    with canary_server("503") as server:
        server.tasks[1].update(queue="onprem", task_id="on_onprem", state="queued")
        test = smoke.SmokeTest(
            Airflow(server.url, "admin", "word"), ("default", "onprem"), lambda: None, taken=0,
            unserved=lambda: {},
        )  # fmt: skip
        with pytest.raises(smoke.SmokeError, match="queue onprem: its task is queued: no worker has taken"):
            test.run()


def test_a_queue_without_a_host_is_named_at_once() -> None:
    """It is not asked who is connected where nobody could be."""
    found = UnservedQueues(PLACE, Inventory("hosts.yml"), lambda: pytest.fail("asked"))()
    assert found == dict.fromkeys(("onprem", "pii"), "hosts.yml names no host for it")


def test_hosts_that_are_not_connected_are_named() -> None:
    """With what sets them up."""
    told = _unserved(frozenset())()["onprem"]
    assert told.startswith("no worker of hadoop1, hadoop2 is connected to the broker")
    assert told.endswith("make workers ENV=far LIMIT=hadoop1,hadoop2")


def test_a_worker_that_comes_back_a_moment_later_is_waited_for() -> None:
    """The broker was restarted by the deploy itself."""
    assert _unserved(frozenset(), frozenset(), frozenset({"onprem"}))().keys() == {"pii"}


def test_where_nobody_tells_who_is_connected_each_queue_with_a_host_is_tried() -> None:
    """The broker is somebody else's."""
    assert _unserved(None)().keys() == {"pii"}


def test_a_way_back_says_that_hosts_stay_as_they_are() -> None:
    """And what brings them back too; without hosts nothing is said."""
    entry = Entry("ada@desk", "0123456789abcdef", State(3, "b"), number=7)
    told = left_as_they_are(("hadoop1",), "far", entry)
    assert told.startswith("hadoop1: not brought back")
    assert "make workers ENV=far on commit 0123456789ab sets them up as deploy 7 had them" in told
    assert left_as_they_are((), "far", entry) == ""
