"""A deploy asks an Airflow whose API server has only just begun, and may be busy."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from aerodrome.clients import airflow
from aerodrome.clients.airflow import Airflow, NotAnsweringError
from aerodrome.clients.cluster import Cluster
from aerodrome.clients.cluster_access import select
from aerodrome.clients.cluster_secret import MADE_BY
from aerodrome.environment import Environment
from aerodrome.kubernetes import desk, smoke
from aerodrome.render.roles import ADMIN
from api_server_stand_in import NAMESPACE, kubeconfig, pod, serving

QUEUES = ("default", "pii")
Serving = Callable[..., AbstractContextManager[Any]]
People = Callable[..., desk.ClusterDesk]
PASSWORDS = f"/api/v1/namespaces/{NAMESPACE}/secrets/{desk.SECRET}"
ENVIRONMENT = Environment.model_validate(
    {
        "name": "dev",
        "kind": "kubernetes",
        "zones": {"default": {}},
        "queues": {"default": {"zone": "default"}},
        "alert_channels": {"central": {"type": "file", "target": "central.jsonl"}},
    }
)


def _test(url: str, told: list[str], silent_for: float = 60) -> smoke.SmokeTest:
    return smoke.SmokeTest(
        Airflow(url, "admin", "word"), QUEUES, lambda: None, told.append, silent_for=silent_for
    )


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smoke, "_LOOK_SECONDS", 0.01)
    monkeypatch.setattr(airflow, "_AGAIN_SECONDS", 0.01)
    monkeypatch.setattr(desk, "_AGAIN_SECONDS", 0.01)


@pytest.fixture
def people(monkeypatch: pytest.MonkeyPatch) -> Iterator[People]:
    """Gives a deploy's access to the Airflow at an address, whose only pod is *ready* in the cluster's eyes, or not."""
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    with serving() as (state, address):
        state.found[PASSWORDS] = {"metadata": {"labels": MADE_BY}, "data": {ADMIN: "d29yZA=="}}
        way = select(json.loads(kubeconfig(dev=address)), "dev", "this test")

        def made(url: str, ready: str = "True", patience: float = 60) -> desk.ClusterDesk:
            state.add("Pod", pod("api-server", conditions=[{"type": "Ready", "status": ready}]))
            return desk.ClusterDesk(Cluster(way), ENVIRONMENT, url.removeprefix("http://"), patience)

        yield made


@pytest.mark.parametrize("away", ["503", "cut"])
def test_an_api_server_that_is_away_for_a_moment_is_asked_again(canary_server: Serving, away: str) -> None:
    """Each single question of the test met that once."""
    told: list[str] = []
    with canary_server(away) as server:
        _test(server.url, told).run()
    assert [text for text in told if "queue" in text] == [
        f"queue {queue}: w took its task" for queue in QUEUES
    ]


def test_one_that_stays_away_is_told(canary_server: Serving) -> None:
    """With what it said last."""
    with (
        canary_server("503", always=True) as server,
        pytest.raises(NotAnsweringError, match="does not answer: 503"),
    ):
        _test(server.url, [], silent_for=0.05).run()
    assert server.asked > 1


@pytest.mark.parametrize("away", ["503", "cut"])
def test_a_patient_question_is_asked_again(canary_server: Serving, away: str) -> None:
    """So is the login before it."""
    with canary_server(away) as server:
        found = Airflow(server.url, "admin", "word", patience=60).task_instances("platform.canary", "run")
    assert [row["queue"] for row in found] == list(QUEUES)


def test_what_asks_for_a_change_is_sent_once(canary_server: Serving) -> None:
    """It may have been heard."""
    with (
        canary_server("503") as server,
        pytest.raises(NotAnsweringError, match="does not answer: 503"),
    ):
        Airflow(server.url, "admin", "word", patience=60).trigger("platform.canary")
    # The login twice, the change once.
    assert server.asked == 3


@pytest.mark.parametrize("away", ["503", "cut"])
def test_a_moments_silence_hides_no_airflow(canary_server: Serving, people: People, away: str) -> None:
    """A deploy would take it for one that does not run, and its roles for something that cannot be compared."""
    with canary_server(away) as server:
        assert people(server.url).administrator() is not None
    assert server.asked == 2


def test_a_moments_silence_hides_no_airflow_from_a_plan(canary_server: Serving, people: People) -> None:
    """It would say less than a deploy finds, which is refused then, and call a platform changed that is not."""
    with (
        canary_server("503") as server,
        desk.desk(people(server.url).cluster, ENVIRONMENT) as found,
    ):
        found.address = server.url.removeprefix("http://")
        assert found.administrator() is not None
    assert server.asked == 2


@pytest.mark.parametrize(("ready", "patience"), [("False", 60), ("True", 0.05), ("True", 0)])
def test_an_airflow_that_does_not_answer_is_none(
    canary_server: Serving, people: People, ready: str, patience: float
) -> None:
    """After a deploy's patience, and at once where no pod is ready: nobody waits for what the deploy is to mend."""
    with canary_server("503", always=True) as server:
        assert people(server.url, ready, patience).administrator() is None
    assert (server.asked > 1) == (patience == 0.05)
