"""The example tenant that works with Hadoop, in a copy of this repository whose hosts have one."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from fleet.lab import REPOSITORY
from hadoop import lab, packages

TENANT = "routes"
DAG = f"{TENANT}.on_hdfs"
_ENVIRONMENT = "environments/lab/environment.yaml"
# What its lock holds here: the other packages are another DAG's.
_PROJECT = """\
[build-system]
requires = ["uv_build>=0.9"]
build-backend = "uv_build"

[project]
name = "routes"
version = "0.1.0"
requires-python = ">=3.11,<3.12"
"""
# What compiles itself for long use costs more than it saves here.
_SHORT_LIVED = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
# A small cluster, whose machine has Spark's Java; a driver listens where the hosts' firewall lets the cluster in.
_CONF = {
    "spark.driver.port": str(lab.FIRST_PORT),
    "spark.driver.blockManager.port": str(lab.FIRST_PORT + 50),
    "spark.port.maxRetries": "40",
    "spark.executor.instances": "1",
    "spark.executor.memory": "512m",
    "spark.yarn.jars": "local:/opt/spark/jars/*",
    **{f"spark.{part}.extraJavaOptions": _SHORT_LIVED for part in ("driver", "executor", "yarn.am")},
}


def add(root: Path) -> None:
    """Put the tenant into *root*, and a Hadoop with Kerberos into the settings of its hosts."""
    folder = root / "tenants" / TENANT
    leave_out = shutil.ignore_patterns("tests", "network.yaml", "__pycache__")
    shutil.copytree(REPOSITORY / "tenants" / TENANT, folder, ignore=leave_out)
    (folder / "requirements.lock").write_text(packages.lock(), encoding="utf-8")
    (folder / "pyproject.toml").write_text(_PROJECT, encoding="utf-8")
    _change(folder / "tenant.yaml", _named)
    _change(folder / "dags/on_hdfs.yaml", _on_the_cluster)
    have_hadoop(root, secured=True)


def have_hadoop(root: Path, *, secured: bool) -> None:
    """Have the hosts of *root* know the lab's Hadoop, with Kerberos or without."""

    def change(environment: dict[str, Any]) -> None:
        hosts, wanted = environment["hosts"], lab.settings((TENANT,), secured=secured)
        hosts["firewall"].update(wanted.pop("firewall"))
        hosts.pop("kerberos", None)
        hosts.update(wanted)

    _change(root / _ENVIRONMENT, change)


def _named(tenant: dict[str, Any]) -> None:
    tenant["variables"] = [lab.KEYTAB]
    tenant["connections"] = {"cluster": {"type": "spark"}}


def _on_the_cluster(dag: dict[str, Any]) -> None:
    (task,) = (each for each in dag["tasks"] if each["uses"] == "spark.submit")
    task["with"]["connection"] = "cluster"
    task["with"]["conf"].update(_CONF)


def _change(file: Path, change: Callable[[dict[str, Any]], None]) -> None:
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    change(document)
    file.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
