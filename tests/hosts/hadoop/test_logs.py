"""Task logs in a real HDFS, over WebHDFS: sent by a host, listed and read by the API server."""

from __future__ import annotations

from pathlib import Path

import pytest
from aerodrome_airflow.logs.hdfs import HdfsLogs
from aerodrome_airflow.logs.place import AwayError, RefusedError
from hadoop import sites
from hadoop.cluster import Cluster

BASE = "/logs/lab/onprem"
FOLDER = "queue=onprem/dag_id=routes.daily/run_id=manual__2026-01-31T00:00:00+00:00/task_id=load"
LOG = f"{FOLDER}/attempt=1.log"
USER = "aerodrome-onprem"


@pytest.fixture(params=["open_cluster", "cluster"], ids=["open", "kerberos"])
def hdfs(request: pytest.FixtureRequest) -> Cluster:
    """A cluster with a folder that belongs to the workers of a zone."""
    made: Cluster = request.getfixturevalue(request.param)
    made.folder(BASE, USER, "750")
    return made


@pytest.fixture
def store(hdfs: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> HdfsLogs:
    """The zone's folder, as the zone's workers reach it: by the host's ticket where there is Kerberos."""
    ticket = None
    if hdfs.secured:
        (tmp_path / "krb5.conf").write_text(sites.krb5_conf(hdfs.host.address))
        monkeypatch.setenv("KRB5_CONFIG", str(tmp_path / "krb5.conf"))
        ticket = _ticket(hdfs, USER, tmp_path)
    return HdfsLogs(f"http://{hdfs.host.address}:9870", BASE, USER, ticket)


def _ticket(hdfs: Cluster, user: str, folder: Path) -> str:
    path = folder / f"ticket-{user}"
    path.write_bytes(hdfs.ticket(user))
    return str(path)


def put(store: HdfsLogs, key: str, text: str, folder: Path) -> None:
    """Send *text* as *key*."""
    (folder / "log").write_text(text)
    with (folder / "log").open("rb") as content:
        store.put(key, content)


def test_a_log_is_sent_sent_again_and_read(store: HdfsLogs, tmp_path: Path) -> None:
    """With the colons of a run's time in its name, which HDFS takes in no name."""
    put(store, f"{LOG}.hadoop1", "one\n", tmp_path)
    put(store, f"{LOG}.hadoop1", "one\ntwo\n" * 1000, tmp_path)
    put(store, f"{FOLDER}/attempt=10.log.hadoop1", "another\n", tmp_path)
    (found,) = store.parts(f"{LOG}.")
    assert list(store.lines(found)) == ["one", "two"] * 1000


def test_what_is_not_there_is_nothing(store: HdfsLogs) -> None:
    """A task that has not begun has no folder yet."""
    assert store.parts("queue=onprem/dag_id=none/attempt=1.log.") == []


def test_another_user_is_refused(store: HdfsLogs, hdfs: Cluster, tmp_path: Path) -> None:
    """By the rights of the folder; without Kerberos HDFS believes the name."""
    put(store, f"{LOG}.hadoop1", "one\n", tmp_path)
    ticket = _ticket(hdfs, "somebody", tmp_path) if hdfs.secured else None
    other = HdfsLogs(store.url, store.base, "somebody", ticket)
    with pytest.raises(RefusedError, match="status 403"):
        other.parts(f"{LOG}.")


def test_without_a_ticket_nothing_is_believed(cluster: Cluster) -> None:
    """Whatever name is said."""
    said = HdfsLogs(f"http://{cluster.host.address}:9870", BASE, USER)
    with pytest.raises(RefusedError, match="status 401"):
        said.parts(f"{LOG}.")


def test_a_data_node_that_is_away_is_a_store_that_is_away(open_cluster: Cluster, tmp_path: Path) -> None:
    """The log stays where it is."""
    open_cluster.folder(BASE, USER, "750")
    store = HdfsLogs(f"http://{open_cluster.host.address}:9870", BASE, USER)
    open_cluster.host.run("systemctl", "stop", "hadoop@datanode.service")
    try:
        with pytest.raises(AwayError):
            put(store, f"{FOLDER}/attempt=2.log.hadoop1", "x\n", tmp_path)
    finally:
        open_cluster.host.run("systemctl", "start", "hadoop@datanode.service")
