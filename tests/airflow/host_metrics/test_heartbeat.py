"""A worker that reaches the broker shows it by a file on its host."""

from __future__ import annotations

from pathlib import Path

import pytest
from celery.signals import heartbeat_sent  # type: ignore[import-untyped]


def test_each_heartbeat_touches_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of workers whose configuration names one; Celery sends the signal with each heartbeat that it sends."""
    from aerodrome_airflow.celery_config import show_signs_of_life

    monkeypatch.setattr(heartbeat_sent, "receivers", [])
    show_signs_of_life()
    assert heartbeat_sent.receivers == []
    monkeypatch.setenv("AIRFLOW__AERODROME__HEARTBEAT_FILE", str(tmp_path / "heartbeat"))
    show_signs_of_life()
    heartbeat_sent.send(sender=None)
    assert (tmp_path / "heartbeat").exists()
