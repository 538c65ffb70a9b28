"""A worker that reaches the broker shows it by a file on its host, or in its pod."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
from aerodrome_airflow import signs_of_life
from celery.signals import heartbeat_sent, worker_init  # type: ignore[import-untyped]


def test_each_heartbeat_touches_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of workers whose configuration names one; Celery sends the signal with each heartbeat that it sends."""
    monkeypatch.setattr(heartbeat_sent, "receivers", [])
    signs_of_life.show()
    assert heartbeat_sent.receivers == []
    monkeypatch.setenv("AIRFLOW__AERODROME__HEARTBEAT_FILE", str(tmp_path / "heartbeat"))
    signs_of_life.show()
    heartbeat_sent.send(sender=None)
    assert (tmp_path / "heartbeat").exists()


@pytest.mark.parametrize("options", ["celery_config", "celery_pods"])
def test_workers_here_and_in_pods_show_it(options: str) -> None:
    """Both configurations of Celery do so from the start of a worker."""
    module = importlib.import_module(f"aerodrome_airflow.{options}")
    assert module.CELERY_CONFIG["broker_url"]
    assert signs_of_life.show in [receiver for _, receiver in worker_init.receivers]
