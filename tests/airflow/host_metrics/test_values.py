"""What Prometheus is told of a host: of its workers, their tasks, its login, its certificates and its logs."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from aerodrome.local.machine import certificates
from aerodrome_airflow.host_metrics.settings import Settings, load
from aerodrome_airflow.host_metrics.tasks import Running
from aerodrome_airflow.host_metrics.units import Unit, parsed
from aerodrome_airflow.host_metrics.written import Seen, registry, values
from aerodrome_airflow.json_settings import SettingsError

from .conftest import NOW, touch

WORKER, AGENT = "aerodrome-worker@onprem.service", "aerodrome-secrets.service"


def seen(**more: Any) -> Seen:
    """Return a host that works and has nothing to do, but for *more*."""
    up = {WORKER: Unit(WORKER, "active", 1), AGENT: Unit(AGENT, "active")}
    return Seen(**{"now": NOW, "units": up, "tasks": {}, "logs": {}, **more})


def test_a_worker_that_works(settings: Settings) -> None:
    """Slots, tasks, age of the oldest, heartbeat."""
    touch(Path(settings.heartbeats.format(queue="onprem")), 7)
    found = values(settings, seen(tasks={WORKER: Running(2, NOW - 90)}))
    told = {name: value for (name, label), value in found.items() if label == "onprem"}
    assert told == {
        "worker_up": 1,
        "worker_stopping_seconds": 0,
        "worker_restarts": 1,
        "worker_slots": 2,
        "worker_tasks": 2,
        "worker_oldest_task_seconds": 90,
        "worker_heartbeat_age_seconds": 7,
    }


def test_a_worker_that_is_stopped_waits_for_its_tasks(settings: Settings) -> None:
    """It takes none, and how long it has waited can be seen."""
    found = values(settings, seen(units={WORKER: Unit(WORKER, "deactivating", 0, NOW - 600)}))
    assert found["worker_up", "onprem"] == 0 and found["worker_stopping_seconds", "onprem"] == 600
    assert found["unit_up", AGENT] == 0


def test_the_hosts_own(settings: Settings) -> None:
    """Age of the login, the end of the authority, what waits to be sent; what is not known is not told."""
    assert ("authority_ends_seconds", "") not in values(settings, seen())
    settings.authority.write_text(certificates.made("127.0.0.1", "test").authority)
    settings.drained.write_text("")
    logs = {"waiting": 3.0, "waiting_bytes": 10.0, "failing_since": NOW - 60, "dropped": 1.0}
    found = {name: value for (name, label), value in values(settings, seen(logs=logs)).items() if not label}
    assert found["login_age_seconds"] == 3600 and found["login_rotate_seconds"] == 86400
    assert found["host_drained"] == 1 and found["authority_ends_seconds"] != 0
    assert (found["logs_waiting"], found["logs_failing_seconds"], found["logs_dropped"]) == (3, 60, 1)


def test_what_is_written_is_what_prometheus_reads(settings: Settings) -> None:
    """With a word of help for each."""
    from prometheus_client import generate_latest
    from prometheus_client.parser import text_string_to_metric_families

    text = generate_latest(registry(settings, seen())).decode()
    families = {family.name: family for family in text_string_to_metric_families(text)}
    assert families["aerodrome_worker_up"].samples[0].labels == {"queue": "onprem"}
    assert all(family.documentation for family in families.values())


def test_what_systemd_says() -> None:
    """Units that it does not know are inactive, and blocks stand in any order."""
    text = (
        f"Id={WORKER}\nActiveState=deactivating\nNRestarts=3\nActiveExitTimestamp=@1800000000\n\n"
        f"Id={AGENT}\nActiveState=inactive\nNRestarts=0\nActiveExitTimestamp=\n"
    )
    found = parsed(text)
    assert found[WORKER] == Unit(WORKER, "deactivating", 3, 1_800_000_000) and not found[AGENT].is_up


def test_settings_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    """In one line, with the file."""
    (tmp_path / "metrics.json").write_text("{}")
    with pytest.raises(SettingsError, match=r"metrics\.json: KeyError: 'file'"):
        load(tmp_path / "metrics.json")


def test_an_authority_that_has_ended_says_so(settings: Settings) -> None:
    """As seconds before now."""
    settings.authority.write_text(certificates.made("127.0.0.1", "test").authority)
    later = dt.datetime.now(dt.UTC).timestamp() + 3650 * 86400 * 2
    assert values(settings, seen(now=later))["authority_ends_seconds", ""] < 0
