"""docs/how-to/add-worker.md by its own lines, as a new user types them; the platform comes and goes by them too."""

from __future__ import annotations

import json

import yaml
from control import guide
from control.plane import wait
from control.workers import ONPREM, Workers
from fleet.lab import INVENTORY, REPOSITORY

DAG = f"{guide.TENANT}.where"


def test_the_hosts_are_those_that_the_guide_shows(workers: Workers) -> None:
    """Asked for again, they are left as they are; their line of the inventory is as it is there."""
    said = workers.control.shell(guide.typed("make hosts"), folder=REPOSITORY)
    assert {line.strip() for line in said.splitlines()} >= set(guide.shown("hadoop1 ").splitlines())
    shown = yaml.safe_load(guide.shown("all:"))["all"]
    inventory = yaml.safe_load(INVENTORY.read_text(encoding="utf-8"))["all"]
    assert all(shown[part].items() <= inventory[part].items() for part in ("vars", "hosts"))


def test_a_look_tells_that_every_host_works(workers: Workers) -> None:
    """Each in a line."""
    said = workers.control.shell(guide.typed("make check-hosts ENV=lab"))
    rows = {words[0]: words[1] for line in said.splitlines() if len(words := line.split()) > 1}
    assert {name: rows[name] for name in workers.hosts} == dict.fromkeys(workers.hosts, "works"), said


def test_the_task_of_the_guide_runs_on_a_host(workers: Workers) -> None:
    """Started as its tenant; its details name the host, its log that and the tenant's user."""
    run = json.loads(workers.control.shell(guide.shown("STATE=")))["dag_run_id"]
    airflow = workers.control.airflow
    wait(lambda: airflow.run(DAG, run)["state"] == "success")
    (task,) = airflow.task_instances(DAG, run)
    host = str(task["hostname"]).partition(".")[0]
    assert host in ONPREM
    wait(lambda: f"on {host}, as _{guide.TENANT}" in airflow.log(DAG, run, "look", 1))


def test_its_worker_is_seen_on_the_host(workers: Workers) -> None:
    """By SSH, with the settings that `make hosts` has written."""
    assert "active (running)" in workers.control.shell(guide.shown("ssh -F"))
