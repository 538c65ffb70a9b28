"""In a cluster a pod's token opens a role for logs and nothing else, by the very policies that a deploy gives it."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bucket_of_pods_logs
import pytest
from aerodrome import names
from aerodrome.environment import Environment
from aerodrome.manifest.tenant import TenantManifest
from aerodrome_airflow.logs import place, ship
from aerodrome_airflow.logs.settings import load
from bucket_of_pods_logs import Believed, PodsBucket
from cluster_tokens import Issuer

ENVIRONMENT = Environment.model_validate(
    {
        "name": "prod",
        "kind": "kubernetes",
        "zones": {"default": {}, "pii": {}, "onprem": {"workers": "hosts"}},
        "queues": {
            "default": {"zone": "default"},
            "large": {"zone": "default"},
            "pii": {"zone": "pii", "personal_data": True, "shared": False},
            "onprem": {"zone": "onprem"},
        },
        "alert_channels": {"central": {"type": "file", "target": "central.jsonl"}},
    }
)
OWNERS = [{"name": "Team", "email": "team@example.org"}]
TENANTS = {
    "flights": TenantManifest.model_validate({"owners": OWNERS, "queues": ["default", "large"]}),
    "health": TenantManifest.model_validate({"owners": OWNERS, "queues": ["default", "pii"]}),
}
OF_FLIGHTS, OF_HEALTH = "queue=default/dag_id=flights.daily", "queue=default/dag_id=health.daily"
LOG = "run_id=manual__2026-01-31T00:00:00+00:00/task_id=load/attempt=1.log"
PODS, WORKERS, READER = (
    ("logs-prod.flights.default", "tenant-flights:flights-default"),
    ("logs-prod-default", "airflow:airflow-worker-default"),
    ("logs-prod-reader", "airflow:airflow-api-server"),
)


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    """The cluster whose tokens are believed."""
    return Issuer("https://kubernetes.default.svc")


@pytest.fixture(scope="module")
def bucket(issuer: Issuer) -> Iterator[PodsBucket]:
    """A bucket with the roles of this environment."""
    known = bucket_of_pods_logs.roles(ENVIRONMENT, TENANTS, issuer.url)
    with bucket_of_pods_logs.running("prod", known, Believed(issuer.url, issuer.keys())) as found:
        yield found


@dataclass(frozen=True)
class Pod:
    """A pod of an account with its token."""

    bucket: PodsBucket
    issuer: Issuer
    token: Path

    def store(self, who: tuple[str, str], zone: str = "default", **changed: Any) -> dict[str, Any]:
        """Return the store for *who*, a role and an account."""
        role, account = who
        self.token.write_text(self.issuer.token(account, **{"audience": names.LOGS_AUDIENCE, **changed}))
        return self.bucket.store(zone, role, self.token)

    def opened(self, who: tuple[str, str], zone: str = "default", **changed: Any) -> place.LogStore:
        """Return the store of *who* as its program opens it."""
        return place.opened(self.store(who, zone, **changed))


@pytest.fixture
def pod(bucket: PodsBucket, issuer: Issuer, tmp_path: Path) -> Pod:
    """A pod of nobody yet."""
    return Pod(bucket, issuer, tmp_path / "token")


def write(store: place.LogStore, key: str, text: bytes = b"x\n") -> None:
    """Send *text*."""
    store.put(key, io.BytesIO(text))


@pytest.mark.parametrize("queue", ["default", "large"])
def test_a_tenants_pod_writes_logs_of_its_own_dags_on_its_zones_queues(pod: Pod, queue: str) -> None:
    """Where the API server looks for them."""
    key = f"queue={queue}/dag_id=flights.daily/{LOG}.pod-1"
    write(pod.opened(PODS), key)
    assert pod.bucket.objects()[f"default/{key}"] == b"x\n"


@pytest.mark.parametrize(
    ("zone", "key"),
    [
        ("default", f"{OF_HEALTH}/{LOG}.pod-1"),
        ("default", f"{OF_HEALTH}/{LOG}.pod-1/dag_id=flights.daily/x"),
        ("default", f"queue=pii/dag_id=flights.daily/{LOG}.pod-1"),
        ("default", f"queue=default/dag_id=flightsx.daily/{LOG}.pod-1"),
        ("default", f"queue=default/dag_id=platform.canary/{LOG}.pod-1"),
        ("pii", f"queue=pii/dag_id=flights.daily/{LOG}.pod-1"),
    ],
    ids=["another's", "behind another's", "another queue", "a longer name", "the platform's", "another zone"],
)
def test_a_tenants_pod_writes_no_other_log(pod: Pod, zone: str, key: str) -> None:
    """Whatever it calls its files."""
    with pytest.raises(place.RefusedError, match="AccessDenied"):
        write(pod.opened(PODS, zone), key)
    assert f"{zone}/{key}" not in pod.bucket.objects()


def test_workers_write_logs_of_all_tenants_of_their_zone_and_of_no_other(pod: Pod) -> None:
    """They run tasks of all of them, and none of their code."""
    write(pod.opened(WORKERS), f"{OF_HEALTH}/{LOG}.worker-0")
    with pytest.raises(place.RefusedError, match="AccessDenied"):
        write(pod.opened(WORKERS, "pii"), f"queue=pii/dag_id=health.daily/{LOG}.worker-0")


@pytest.mark.parametrize("who", [PODS, WORKERS], ids=["pod", "workers"])
@pytest.mark.parametrize(
    "call", [lambda s: s.parts(OF_FLIGHTS), lambda s: list(s.lines(f"{OF_FLIGHTS}/{LOG}.a"))]
)
def test_what_sends_reads_nothing(pod: Pod, who: tuple[str, str], call: Callable[[Any], Any]) -> None:
    """Not even its own."""
    store = pod.opened(who)
    write(store, f"{OF_FLIGHTS}/{LOG}.a")
    with pytest.raises(place.RefusedError, match="AccessDenied"):
        call(store)


def test_the_api_server_reads_all_and_writes_nothing(pod: Pod) -> None:
    """Of every zone."""
    write(pod.opened(PODS), f"{OF_FLIGHTS}/{LOG}.read", b"first\nlast\n")
    reader = pod.opened(READER)
    (found,) = (key for key in reader.parts(f"{OF_FLIGHTS}/{LOG}.") if key.endswith(".read"))
    assert list(reader.lines(found)) == ["first", "last"]
    with pytest.raises(place.RefusedError, match="AccessDenied"):
        write(reader, f"{OF_FLIGHTS}/{LOG}.forged")


@pytest.mark.parametrize(
    ("who", "changed"),
    [
        ((PODS[0], "tenant-health:health-default"), {}),
        ((PODS[0], "tenant-flights:default"), {}),
        ((READER[0], PODS[1]), {}),
        ((WORKERS[0], PODS[1]), {}),
        (PODS, {"audience": names.AWS_AUDIENCE}),
        (PODS, {"issuer": "https://another.example.org"}),
        (PODS, {"forged": True}),
        (PODS, {"seconds": -60}),
    ],
    ids=["another's", "another account", "reader", "zone", "audience", "issuer", "forged", "ended"],
)
def test_a_token_opens_the_role_of_its_own_account_alone(
    pod: Pod, who: tuple[str, str], changed: dict[str, Any]
) -> None:
    """And only one that the cluster made, for logs, and that has not ended; the message holds none of it."""
    with pytest.raises(place.AwayError) as refused:
        write(pod.opened(who, **changed), f"{OF_FLIGHTS}/{LOG}.stolen")
    assert str(refused.value).startswith("AWS ") and pod.token.read_text() not in str(refused.value)
    assert not any(key.endswith(".stolen") for key in pod.bucket.objects())


@pytest.fixture
def config(pod: Pod, tmp_path: Path) -> Path:
    """logs.json as the chart writes it, of a pod of flights."""
    said = {
        "folder": str(tmp_path / "logs"),
        "ledger": str(tmp_path / "logs/.sender/sent.sqlite"),
        "status": str(tmp_path / "logs/.sender/status.json"),
        "cleans": False,
        "ending_seconds": 20,
        "store": pod.store(PODS),
    }
    (tmp_path / "logs.json").write_text(json.dumps(said))
    return tmp_path / "logs.json"


def test_the_last_words_of_a_pod_arrive_under_its_name(
    config: Path, bucket: PodsBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With nothing of the sender's own, and nothing that a file system keeps for itself."""
    monkeypatch.setattr("socket.gethostname", lambda: "flights-daily-load-7")
    log, ended = config.parent / "logs" / OF_FLIGHTS / f"{LOG}", threading.Event()
    log.parent.mkdir(parents=True)
    log.write_text("first\nlast words\n")
    ended.set()
    ship.run(load(config), ended)
    found = {key: text for key, text in bucket.objects().items() if key.endswith("load-7")}
    assert found == {f"default/{OF_FLIGHTS}/{LOG}.flights-daily-load-7": b"first\nlast words\n"}
    assert (config.parent / "logs/.sender/sent.sqlite").exists()


def test_what_cannot_be_sent_at_the_end_is_tried_again(
    config: Path, pod: Pod, bucket: PodsBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token that is not there yet, as where a store is away for a moment."""
    monkeypatch.setattr("socket.gethostname", lambda: "late")
    monkeypatch.setattr(ship, "PAUSE", 0.3)
    log, ended, token = (
        config.parent / "logs" / OF_FLIGHTS / f"{LOG}",
        threading.Event(),
        pod.token.read_text(),
    )
    log.parent.mkdir(parents=True)
    log.write_text("late\n")
    pod.token.unlink()
    ended.set()
    threading.Timer(1, pod.token.write_text, (token,)).start()
    ship.run(load(config), ended)
    assert bucket.objects()[f"default/{OF_FLIGHTS}/{LOG}.late"] == b"late\n"
