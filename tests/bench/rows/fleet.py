"""A hundred hosts on paper: inventory and tenants loaded, every law checked, every host's variables rendered."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

from figures import Figure
from processes import clean_environment, run
from workshop import PYTHON, Workshop

PROGRAM = Path(__file__).parents[1] / "programs" / "fleet.py"
HOSTS, TENANTS, MOST_SECONDS = 100, 20, 3.0
ENVIRONMENT = """\
kind: local
zones: {default: {}, onprem: {workers: hosts}}
queues: {default: {zone: default}, onprem: {zone: onprem, shared: false, slots: 8}}
alert_channels: {central: {type: file, target: central.jsonl}}
hosts: {entrance: {address: 10.0.0.1}, firewall: {ssh_from: [10.0.0.0/8]}}
"""
TENANT = "owners: [{name: Team, email: team@example.org}]\nqueues: [onprem]\n"


def rendered(shop: Workshop) -> Iterator[Figure]:
    """Yield the time of a process that loads and renders the whole fleet."""
    root = shop.folder / "fleet"
    shutil.rmtree(root, ignore_errors=True)
    write(root, HOSTS)
    wanted = {"hosts": HOSTS, "tenants": HOSTS * TENANTS, "digests": HOSTS}
    runs = []
    for turn in range(shop.runs):
        shop.say(f"rendering {HOSTS} hosts, {turn + 1} of {shop.runs}")
        done = run([PYTHON, PROGRAM, root], clean_environment())
        if (found := json.loads(done.output.splitlines()[-1])) != wanted:
            raise RuntimeError(f"not all hosts were rendered: {found}")
        runs.append(done)
    seconds = tuple(one.seconds for one in runs)
    cpu = {"cpu_seconds": [one.cpu_seconds for one in runs], "megabytes": max(one.megabytes for one in runs)}
    what = (
        f"inventory of {HOSTS} hosts with {TENANTS} tenants each, loaded, checked and rendered, cold process"
    )
    yield Figure("fleet", what, "s", seconds, MOST_SECONDS, details=cpu)


def write(root: Path, number: int) -> None:
    """Write into *root* an environment `fleet` of so many hosts, and its tenants."""
    hosts = [
        f"        node{each:03}: {{ansible_host: 10.1.{each // 50}.{each % 50 + 1}}}\n"
        for each in range(number)
    ]
    group = "all:\n  vars: {ansible_user: ops}\n  children:\n    rack:\n      vars: {queues: [onprem]}\n      hosts:\n"
    _put(root / "environments/fleet/environment.yaml", ENVIRONMENT)
    _put(root / "environments/fleet/inventory/hosts.yml", group + "".join(hosts))
    for each in range(TENANTS):
        _put(root / f"tenants/team{each:02}/tenant.yaml", TENANT)


def _put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
