"""The API server shows what hosts sent, as part of the log of the task that it belongs to."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aerodrome_airflow import shared_logs
from aerodrome_airflow.logs import place
from aerodrome_airflow.logs.shown import Shown
from bucket_of_logs import BUCKET, OWNER, PREFIX, READER, LogBucket, client

from .conftest import LOG


@pytest.fixture
def shown(log_bucket: LogBucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shown]:
    """The logs as an API server is configured to read them, with its own login."""
    (tmp_path / "login.json").write_text(json.dumps(log_bucket.logins[READER]))
    bucket = {
        **log_bucket.place("onprem"),
        "base": f"{PREFIX}/lab/",
        "login_file": str(tmp_path / "login.json"),
    }
    said = {"store": {"kind": "s3", **bucket}, "zones": {"onprem": "onprem", "pii": "pii"}}
    monkeypatch.setenv("AIRFLOW__AERODROME__LOG_STORE", json.dumps(said))
    shared_logs.sent.cache_clear()
    found = shared_logs.sent()
    assert found is not None
    yield found
    shared_logs.sent.cache_clear()


def lines(found: tuple[list[str], list[Any]]) -> list[str]:
    """Return all lines of all parts."""
    return [line for stream in found[1] for line in stream]


def test_the_parts_of_every_host_are_shown(shown: Shown, host: Any) -> None:
    """A task that was deferred goes on where there is room."""
    path = LOG.replace("load", "parts")
    host.write(path, "first\n")
    host.sender().once()
    host.name, host.ledger = "hadoop2", host.ledger.with_name("other")
    host.write(path, "second\n")
    host.sender().once()
    assert lines(shown.read("onprem", path)) == ["first", "second"]


def test_a_zone_cannot_write_the_log_of_another_ones_task(shown: Shown, host: Any) -> None:
    """A log is looked for in the zone of its task's queue, whatever a host calls its files."""
    path = LOG.replace("queue=onprem", "queue=pii")
    host.write(path, "forged\n")
    host.sender().once()
    assert lines(shown.read("pii", path)) == [] and shown.read("default", path) == ([], [])


@pytest.mark.parametrize("path", ["queue=onprem/../../pii/x.log", "/x.log", "a//b", "a/\0", ""])
def test_a_path_that_leads_elsewhere_finds_nothing(shown: Shown, path: str) -> None:
    """The store is not even asked."""
    assert shown.read("onprem", path) == ([], [])


def test_a_store_that_is_away_says_so_and_is_left_alone_for_a_while() -> None:
    """The page is shown at once, with what is known here."""
    store = place.opened({"kind": "hdfs", "url": "http://127.0.0.1:9", "base": "/logs/", "user": "x"})
    times = iter([0.0, 0.0, 1.0, 11.0, 11.0])
    shown = Shown({"onprem": store}, {"onprem": "onprem"}, lambda: next(times))
    said, streams = shown.read("onprem", LOG)
    assert (
        said[0].startswith("Logs of zone 'onprem' cannot be read now: HDFS does not serve") and streams == []
    )
    assert shown.read("onprem", LOG)[0] == said


def test_airflows_own_reader_shows_folder_and_store_together(shown: Shown, host: Any, tmp_path: Path) -> None:
    """What a triggerer wrote here and what the host sent, in the order of time."""
    path = LOG.replace("load", "waited")
    line = '{{"timestamp": "2026-01-31T00:00:0{}Z", "level": "info", "event": "{}"}}\n'
    host.write(path, line.format(1, "on the host"))
    host.sender().once()
    here = tmp_path / "here" / f"{path}.trigger.7.log"
    here.parent.mkdir(parents=True)
    here.write_text(line.format(0, "in the triggerer"))
    reader = shared_logs.SharedLogs(str(tmp_path / "here"))
    reader._render_filename = lambda ti, try_number: path  # type: ignore[method-assign]
    ti = SimpleNamespace(queue="onprem", state="success", try_number=1)
    stream, _ = reader._read(ti, 1)  # type: ignore[arg-type]
    told = [message.event for message in stream]  # type: ignore[union-attr]
    assert told[-2:] == ["in the triggerer", "on the host"]


@pytest.fixture
def of_pods(log_bucket: LogBucket, tmp_path: Path) -> dict[str, Any]:
    """A place for logs of pods: a bucket of its own, by a login of its own."""
    keys = log_bucket.logins[OWNER]
    client(log_bucket.endpoint, keys).create_bucket(Bucket="of-pods")
    (tmp_path / "of-pods.json").write_text(json.dumps(keys))
    store = {**log_bucket.place("default"), "kind": "s3", "bucket": "of-pods", "base": "pods/"}
    store["login_file"] = str(tmp_path / "of-pods.json")
    return {"store": store, "zones": {"default": "default"}}


def test_logs_of_hosts_and_of_pods_are_found_in_their_own_stores(
    shown: Shown, of_pods: dict[str, Any], log_bucket: LogBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By their queue; where it is in none the folder is all that there is."""
    s3, path = client(log_bucket.endpoint, log_bucket.logins[OWNER]), LOG.replace("load", "both")
    for bucket, base in ((BUCKET, f"{PREFIX}/lab/"), ("of-pods", "pods/")):
        for zone in ("onprem", "default"):
            s3.put_object(
                Bucket=bucket, Key=f"{base}{zone}/{path}.one", Body=f"{zone} in {bucket}\n".encode()
            )
    hosts = json.loads(os.environ["AIRFLOW__AERODROME__LOG_STORE"])
    monkeypatch.setenv("AIRFLOW__AERODROME__LOG_STORE", json.dumps([hosts, of_pods]))
    shared_logs.sent.cache_clear()
    both = shared_logs.sent()
    assert both is not None and both.knows("default") and not both.knows("elsewhere")
    assert lines(both.read("onprem", path)) == [f"onprem in {BUCKET}"]
    assert lines(both.read("default", path)) == ["default in of-pods"]


def test_the_cluster_is_not_asked_for_what_is_in_the_store(shown: Shown) -> None:
    """The same lines would be there twice; for other queues the executor is asked as ever."""
    reader = shared_logs.SharedLogs("/nowhere")
    asked = {"KubernetesExecutor": SimpleNamespace(get_task_log=lambda ti, attempt: ([], ["of the pod"]))}
    reader.executor_instances = asked  # type: ignore[assignment]
    answers = {
        queue: reader._get_executor_get_task_log(SimpleNamespace(queue=queue, executor="KubernetesExecutor"))(
            None, 1
        )
        for queue in ("onprem", "elsewhere")
    }
    assert answers == {"onprem": ([], []), "elsewhere": ([], ["of the pod"])}
