"""Owners hear of a DAG without a run once for each time that it goes without one, and not of a paused one."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from .conftest import settings, started

AGED = "UPDATE dag_version SET created_at = now() - interval '{} days' WHERE dag_id = %s"
WEEK = timedelta(days=7)
BOTH = {("alpha.rests", "central"), ("beta.rests", "central")}


@pytest.fixture
def idle(processor: Any) -> Iterator[Any]:
    """Two tenants with a DAG each that never ran, known for ten days."""
    files = {tenant: {"rests": processor.text(tenant, "rests")} for tenant in ("alpha", "beta")}
    processor.publish(**files)
    processor.wait(lambda: {"alpha.rests", "beta.rests"} <= processor.dags())
    processor.run("UPDATE dag SET is_paused = false")
    for tenant in files:
        processor.run(AGED.format(10), f"{tenant}.rests")
    yield processor
    processor.publish(alpha={"rests": None}, beta={"rests": None})
    processor.wait(lambda: not processor.dags())
    processor.run("DELETE FROM log WHERE event = 'aerodrome idle'")


def environment(processor: Any, after: timedelta) -> dict[str, str]:
    """Return the environment of a processor where DAGs are idle *after* a time."""
    info = processor.connection.info
    uri = f"postgresql+psycopg://tester:{info.password}@127.0.0.1:{info.port}/processor"
    own = {"AIRFLOW__AERODROME__IDLE_AFTER": str(int(after.total_seconds()))}
    return settings(processor.folder, uri) | own


def noted(processor: Any) -> set[tuple[str, str]]:
    """Return DAG and channel of all that stands in the audit log."""
    rows = processor.query("SELECT dag_id, extra FROM log WHERE event = 'aerodrome idle'")
    return {(dag_id, extra.partition(" ")[2]) for dag_id, extra in rows}


def tell(processor: Any, after: timedelta) -> list[tuple[str, str]]:
    """Return DAG and reason of what the central channel is told now."""
    file = processor.folder / "alerts/central.jsonl"
    before = file.read_text() if file.exists() else ""
    program = [sys.executable, "-m", "aerodrome_airflow.idle_dags"]
    own = environment(processor, after)
    done = subprocess.run(program, env=own, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    new = file.read_text().removeprefix(before) if file.exists() else ""
    rows = [json.loads(line) for line in new.splitlines()]
    assert {(row["kind"], row["owner"], row["environment"]) for row in rows} <= {
        ("idle", "Flight data", "local")
    }
    return [(row["dag_id"], row["reason"].partition(" since")[0]) for row in rows]


def test_an_idle_dag_is_told_once_for_each_time(idle: Any) -> None:
    """Not by each look; after as much time again once more."""
    assert tell(idle, WEEK) == [("alpha.rests", "never ran"), ("beta.rests", "never ran")]
    assert tell(idle, WEEK) == []
    idle.run(AGED.format(15), "alpha.rests")
    assert tell(idle, WEEK) == [("alpha.rests", "never ran")]


def test_a_young_dag_and_a_paused_one_are_not_told(idle: Any) -> None:
    """Whoever pauses one wants it to rest."""
    assert tell(idle, timedelta(days=11)) == []
    idle.run("UPDATE dag SET is_paused = true WHERE dag_id = 'alpha.rests'")
    assert tell(idle, WEEK) == [("beta.rests", "never ran")]


def test_a_channel_that_is_away_is_told_later(idle: Any) -> None:
    """It is not noted as told; the others are, and not told again."""
    tell(idle, WEEK)
    assert noted(idle) == BOTH and tell(idle, WEEK) == []


def test_the_dag_processor_looks_by_itself(idle: Any, tmp_path: Path) -> None:
    """Again and again, beside its other work."""
    own = {
        "AIRFLOW__AERODROME__TELL_IDLE_SECONDS": "1",
        "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_STORAGE_PATH": str(tmp_path / "bundles"),
    }
    with started(tmp_path, environment(idle, WEEK) | own):
        idle.wait(lambda: noted(idle) == BOTH, 120)
    assert noted(idle) == BOTH
