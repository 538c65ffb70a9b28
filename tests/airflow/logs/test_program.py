"""The program that sends logs: once for whoever removes a host, or until it is told to end."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from aerodrome.local.machine.deadline import wait_until
from aerodrome_airflow.logs import ship
from aerodrome_airflow.logs.ledger import Ledger
from aerodrome_airflow.logs.settings import load

from .conftest import LOG


@pytest.fixture
def config(host: Any, lending: Any, log_bucket: Any, tmp_path: Path) -> Path:
    """logs.json as the role writes it."""
    said = {
        "folder": str(host.folder),
        "ledger": str(tmp_path / "state/sent.sqlite"),
        "status": str(tmp_path / "run/status.json"),
        "host": "hadoop9",
        "kept_seconds": 3600,
        "largest_bytes": 10**9,
        "store": lending.store(log_bucket, "onprem"),
    }
    (tmp_path / "logs.json").write_text(json.dumps(said))
    return tmp_path / "logs.json"


def change(config: Path, **said: Any) -> None:
    """Write other settings."""
    config.write_text(json.dumps({**json.loads(config.read_text()), **said}))


def paths(ledger: Path) -> list[str]:
    """Return the logs that stand in *ledger*; none where it is not there yet."""
    return list(Ledger(ledger).paths()) if ledger.exists() else []


def test_once_sends_all_and_says_whether_anything_waits(
    config: Path, host: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Exit code 1 where a host must not be removed yet."""
    host.write(LOG, "x")
    away = {"kind": "hdfs", "url": "http://127.0.0.1:9", "base": "/logs/", "user": "x"}
    kept = json.loads(config.read_text())["store"]
    change(config, store=away)
    assert ship.main(["--config", str(config), "--once"]) == 1 and "1 logs, 1 bytes" in caplog.text
    change(config, store=kept)
    assert ship.main(["--config", str(config), "--once"]) == 0


def test_told_to_end_it_sends_what_is_left(config: Path, host: Any, log_bucket: Any) -> None:
    """Also what a task has only just written."""
    path, ended = LOG.replace("load", "last"), threading.Event()
    host.write(path, "last words\n", age=0)
    ended.set()
    ship.run(load(config), ended)
    assert log_bucket.objects()[f"onprem/{path}.hadoop9"] == b"last words\n"
    assert json.loads((config.parent / "run/status.json").read_text())["waiting"] == 0


def test_where_others_remove_logs_it_forgets_them(
    config: Path, host: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And removes none itself: what it knows of does not grow for ever."""
    monkeypatch.setattr(ship, "PAUSE", 0.1)
    monkeypatch.setattr(ship, "CLEAN_SECONDS", 0.1)
    change(config, cleans=False, ending_seconds=1)
    gone, kept = host.write(LOG, "x", age=90_000), host.write(LOG.replace("load", "kept"), "y", age=90_000)
    ended, settings = threading.Event(), load(config)
    running = threading.Thread(target=ship.run, args=(settings, ended))
    running.start()
    known = [wait_until(lambda: len(paths(settings.ledger)) == 2, 60)]
    gone.unlink()
    known.append(wait_until(lambda: paths(settings.ledger) == [LOG.replace("load", "kept")], 60))
    ended.set()
    running.join(60)
    assert known == [True, True] and kept.exists()


def test_settings_that_cannot_be_used_end_it_with_one_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Naming the file."""
    assert ship.main(["--config", str(tmp_path / "none.json")]) == 1
    assert "cannot send logs:" in caplog.text and "none.json: FileNotFoundError" in caplog.text


def test_a_ledger_that_cannot_be_opened_ends_it_with_one_line(
    config: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As where the volume belongs to somebody else."""
    (tmp_path / "state/sent.sqlite").mkdir(parents=True)
    assert ship.main(["--config", str(config), "--once"]) == 1
    assert "cannot send logs: unable to open database file" in caplog.text
