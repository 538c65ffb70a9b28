"""Upgrades under a stream of tasks, one of which fails after the drain: the queue is served, and nothing is lost."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from control import ledger
from control.losses import works
from control.stream import stream
from control.workers import Workers, results

# Of a role that comes after the drain and the switch to a version, and before the worker's own.
STEP = "ansible/roles/java_runtime/tasks/preflight.yml"
FAILS = """
- name: Refuse
  ansible.builtin.fail:
    msg: It is broken. Mend it
"""


@pytest.fixture
def step(workers: Workers) -> Iterator[Path]:
    """The file that the test changes; a version that fails is put back, for what follows."""
    path = workers.control.root / STEP
    before = path.read_text()
    yield path
    if FAILS in path.read_text():
        path.write_text(before)


def test_upgrades_harm_no_task_though_one_fails(workers: Workers, step: Path) -> None:
    """The workers of both hosts, drained one after the other, go on with what they had, and then with the next one."""
    before, names = step.read_text(), [host.name for host in workers.onprem]
    with stream(workers.control) as runs:
        step.write_text(before + FAILS)
        said = workers.control.command("workers", "--limit", ",".join(names), code=1)
        told = set(re.findall(r"(\w+)\b.*It is broken; its workers go on with what they had", said))
        assert set(names) <= told, said
        assert all(works(host) for host in workers.onprem)
        step.write_text(f"{before}# another version\n")
        done = results(workers.control.command("workers", "--limit", ",".join(names)))
        assert {done[name][0] for name in names} == {"done"}
    assert {workers.control.ended("grind", run) for run in runs} == {"success"}
    assert {workers.control.task("grind", run)["try_number"] for run in runs} == {1}
    assert ledger.read(workers.hosts.values()).faults(runs) == {}
