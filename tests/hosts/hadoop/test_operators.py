"""`hdfs.put`, `hdfs.get` and `hdfs.wait` with a real HDFS, as the tenant's user and with the tenant's ticket.

Without Kerberos, and with Spark, they are tested on whole hosts: tests/hosts/end_to_end.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowRescheduleException
from hadoop.cluster import Cluster

# Each test starts several Javas, and the first starts the cluster.
pytestmark = pytest.mark.timeout(1200)


@pytest.fixture
def data(launcher: Any) -> Path:
    """The tenant's data folder."""
    return Path(launcher.folder) / "alpha/data"


def test_a_file_goes_there_and_comes_back(run: Any, cluster: Cluster, tenant: str, data: Path) -> None:
    """It belongs to the tenant's user, and a wait for it ends."""
    (data / "a.csv").write_text("1,2\n")
    with pytest.raises(AirflowRescheduleException):
        run("hdfs.wait", path="in/{{ ds }}/*.csv")
    assert run("hdfs.put", file="a.csv", path="in/{{ ds }}/") == "in/2024-01-31/a.csv"
    run("hdfs.wait", path="in/{{ ds }}/*.csv")
    assert cluster.owner(f"/user/{tenant}/in/2024-01-31/a.csv") == tenant
    assert run("hdfs.get", path=f"/user/{tenant}/in/2024-01-31", file="back.csv", merge=True) == "back.csv"
    assert (data / "back.csv").read_text() == "1,2\n"
    assert [path.name for path in data.iterdir() if path.name.startswith(".")] == []


def test_what_is_there_is_replaced_or_kept(run: Any, tenant: str, data: Path) -> None:
    """As the task says."""
    (data / "a.csv").write_text("new")
    run("hdfs.put", file="a.csv", path="twice.csv")
    run("hdfs.put", file="a.csv", path="twice.csv")
    with pytest.raises(AirflowException, match=r"HDFS refuses: `.*twice\.csv': File exists"):
        run("hdfs.put", file="a.csv", path="twice.csv", overwrite=False)


def test_what_is_not_the_tenants_is_refused(run: Any, cluster: Cluster, tenant: str, data: Path) -> None:
    """By HDFS, whose words are told."""
    cluster.home("somebody")
    (data / "a.csv").write_text("1")
    with pytest.raises(AirflowException, match=f"HDFS refuses: Permission denied: user={tenant}"):
        run("hdfs.put", file="a.csv", path="/user/somebody/a.csv")


def test_a_missing_file_is_told(run: Any, tenant: str) -> None:
    """In HDFS's words."""
    with pytest.raises(AirflowException, match=r"HDFS refuses: .*No such file or directory"):
        run("hdfs.get", path="/nothing", file="x")


def test_a_cluster_that_is_away_is_told(run: Any, cluster: Cluster, tenant: str) -> None:
    """A wait does not take it for a missing file."""
    with pytest.raises(AirflowException, match=r"HDFS cannot be used now: .*Connection refused"):
        run("hdfs.wait", path=f"hdfs://{cluster.host.address}:1/x")


def test_a_tenant_without_a_ticket_is_told(run: Any, tenant: str, launcher: Any) -> None:
    """With the reason, which stands beside the ticket's place."""
    ticket = Path(launcher.folder) / "hadoop/ticket"
    ticket.unlink()
    ticket.with_name("ticket.problem").write_text("the keytab has expired")
    with pytest.raises(AirflowException, match=r"HDFS wants a Kerberos ticket.*: the keytab has expired"):
        run("hdfs.wait", path="/user")
