"""An example tenant beside a Hadoop: HDFS and Spark on YARN by the tenant's ticket, then HDFS without Kerberos.

Only with `pytest --hosts --beside-hadoop`: two clusters, one after the other, take minutes of their own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath

import pytest
from control import hadoop_tenant
from control.hadoop_tenant import DAG, TENANT
from control.plane import wait
from control.workers import Workers
from fleet.host import Host
from hadoop import lab
from hadoop.cluster import Cluster

_DATA = PurePosixPath("/var/lib/aerodrome/homes", TENANT, "data")
_HEADER = "origin,dest,flights,cancelled,average_delay,long_delay"


@pytest.fixture(scope="module")
def gateway(workers: Workers, test_image: str) -> Host:
    """The one host that tasks go to: what one of them leaves in the data folder is on that host alone."""
    workers.control.command("drain", "--limit", "hadoop2")
    return workers.hosts["hadoop1"]


@contextmanager
def _hadoop(workers: Workers, *, secured: bool) -> Iterator[Cluster]:
    cluster = lab.start(secured=secured, yarn=secured)
    try:
        cluster.know(workers.onprem)
        cluster.home(TENANT if secured else f"_{TENANT}")
        yield cluster
    finally:
        cluster.host.remove()


def _store(workers: Workers, name: str, value: dict[str, str], *options: str) -> None:
    workers.control.command("secret", TENANT, name, *options, text=json.dumps(value))


def _run(workers: Workers, host: Host) -> None:
    """Run the DAG to its end, and require that it ended well and brought its result to *host*."""
    host.run("rm", "-f", str(_DATA / "by_route.csv"))
    airflow = workers.control.airflow
    run = str(airflow.trigger(DAG, {})["dag_run_id"])
    wait(lambda: airflow.run(DAG, run)["state"] in {"success", "failed"})
    states = {row["task_id"]: row["state"] for row in airflow.task_instances(DAG, run)}
    failed = [task for task, state in states.items() if state == "failed"]
    assert set(states.values()) == {"success"}, (states, [airflow.log(DAG, run, task, 1) for task in failed])
    lines = host.read(str(_DATA / "by_route.csv")).splitlines()
    assert lines[0] == _HEADER and len(lines) > 200


def test_a_tenant_works_in_hdfs_and_on_yarn_by_its_ticket(workers: Workers, gateway: Host) -> None:
    """Its keytab is in the secrets store: the host gets it by its own login, the tenant's code only a ticket."""
    with _hadoop(workers, secured=True) as cluster:
        _store(workers, "cluster", {"host": "yarn"})
        _store(workers, lab.KEYTAB, {"value": cluster.keytab(TENANT)}, "--kind", "variable")
        gateway.wait_for(f"test -s /run/aerodrome/kerberos/{TENANT}/ticket", 90)
        _run(workers, gateway)
        assert cluster.applications() == [(TENANT, "SUCCEEDED")]
        assert cluster.owner(f"/user/{TENANT}/routes/by_route") == TENANT


def test_without_kerberos_it_is_the_user_of_its_code(workers: Workers, gateway: Host) -> None:
    """After nothing but a change of environment.yaml and another run of `workers`."""
    hadoop_tenant.have_hadoop(workers.control.root, secured=False)
    with _hadoop(workers, secured=False) as cluster:
        workers.control.command("workers", "--limit", "hadoop1")
        _store(workers, "cluster", {"host": "local[2]"})
        _run(workers, gateway)
        assert cluster.owner(f"/user/_{TENANT}/routes/by_route") == f"_{TENANT}"
    assert gateway.run("find", "/run/aerodrome/kerberos", "-type", "f").stdout == ""
    workers.control.command("workers")
