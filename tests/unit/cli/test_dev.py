"""`aerodrome dev`: what counts as a save, and that a mistake does not end it."""

from __future__ import annotations

import errno
import os
import threading
import time
from pathlib import Path
from queue import Empty, Queue
from typing import Any

import pytest
from aerodrome.local.loop import publish_now, saves

SAVED = (
    "alpha/dags/daily.yaml",
    "alpha/dags/ask.sql",
    "alpha/dags/mail.html",
    "alpha/jobs.py",
    "alpha/x.lock",
)
DEBRIS = (
    "alpha/dags/.a.yaml.swp",
    "alpha/__pycache__/jobs.pyc",
    "alpha/dags/4913",
    "alpha/.git/x",
    ".new-1/x.yaml",
)


@pytest.fixture
def seen(tmp_path: Path) -> Queue[set[str]]:
    """What is reported of the folder `watched`, as it comes."""
    (tmp_path / "watched/alpha/dags").mkdir(parents=True)
    found: Queue[set[str]] = Queue()

    def watch() -> None:
        for changed in saves(tmp_path / "watched"):
            found.put(changed)

    threading.Thread(target=watch, daemon=True).start()
    time.sleep(0.3)
    return found


@pytest.mark.parametrize("name", SAVED)
def test_a_saved_file_is_told(seen: Queue[set[str]], tmp_path: Path, name: str) -> None:
    """By its path below tenants/."""
    (tmp_path / "watched" / name).write_text("x")
    assert name in seen.get(timeout=10)


def test_a_tenant_that_appears_is_told(seen: Queue[set[str]], tmp_path: Path) -> None:
    """Its files are watched from then on."""
    (tmp_path / "watched/beta/dags").mkdir(parents=True)
    time.sleep(0.2)
    (tmp_path / "watched/beta/dags/daily.yaml").write_text("x")
    told = seen.get(timeout=10)
    assert "beta/dags/daily.yaml" in told or "beta/dags/daily.yaml" in seen.get(timeout=10)


def test_what_editors_and_tools_leave_is_no_save(seen: Queue[set[str]], tmp_path: Path) -> None:
    """Nothing is published for it."""
    for name in DEBRIS:
        (tmp_path / "watched" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "watched" / name).write_text("x")
    with pytest.raises(Empty):
        seen.get(timeout=1.5)


def test_a_mistake_is_said_and_survived(place: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next save may mend it."""
    monkeypatch.setenv("AERODROME_STATE", place.environment["AERODROME_STATE"])
    place.write("environments/local/environment.yaml", "kind: locl\n")
    said: list[str] = []
    publish_now(place.root, "local", said.append)
    assert len(said) == 1 and "environments/local/environment.yaml:1:7: kind: " in said[0]


def test_a_full_disk_is_said_and_survived(
    place: Any, full_disk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As is any other refusal of the machine: somebody makes room, and the next save is published."""
    monkeypatch.setenv("AERODROME_STATE", place.environment["AERODROME_STATE"])
    place.tenant("alpha", "daily")
    said: list[str] = []
    with full_disk():
        publish_now(place.root, "local", said.append)
    assert said == [f"the machine: {os.strerror(errno.EFBIG)}"]
