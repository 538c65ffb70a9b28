"""`aerodrome dev`: what counts as a save, and that a mistake does not end it."""

from __future__ import annotations

import errno
import os
import shutil
import threading
import time
from dataclasses import replace
from pathlib import Path
from queue import Empty, Queue
from typing import Any

import pytest
from aerodrome.local.loop.watch import publish_now, saves, watch_and_publish
from aerodrome.local.machine import state
from aerodrome.local.machine.deadline import wait_until
from aerodrome.local.machine.ownership import write_file
from aerodrome.local.machine.state import MARK, Layout
from aerodrome.local.processes import supervision

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


def test_without_a_running_platform_there_is_nothing_to_watch_for(place: Any) -> None:
    """It says what to do, and does not wait for saves that nobody would see."""
    (Path(place.environment["AERODROME_STATE"]) / "config").mkdir(parents=True)
    (Path(place.environment["AERODROME_STATE"]) / MARK).touch()
    done = place.run("dev")
    assert (done.returncode, done.stdout) == (1, "")
    assert "the platform does not run" in done.stderr and "make deploy ENV=local starts it" in done.stderr


def test_a_platform_that_stops_meanwhile_is_told(
    place: Any, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a save within seconds, at each save again; what was saved meanwhile is published afterwards."""
    layout = stand_in(place, repository, monkeypatch)
    place.tenant("alpha")
    said: list[str] = []
    threading.Thread(target=watch_and_publish, args=(place.root, "local", said.append), daemon=True).start()
    try:
        assert wait_until(lambda: "watching tenants/; Ctrl-C ends it" in said, 10)
        supervision.shut_down(layout)
        stopped = (
            "the platform does not run: make deploy ENV=local starts it; until then nothing is published"
        )
        assert wait_until(lambda: said[1:] == [stopped], 10), said
        place.write("tenants/alpha/tenant.yaml", "x")
        assert wait_until(lambda: said[2:] == ["changed: alpha/tenant.yaml", stopped], 10), said
        supervision.ensure_running(layout)
        assert wait_until(lambda: len(said) > 5, 20) and said[4] == "the platform runs again", said
        assert "kind: " in said[5]
    finally:
        supervision.shut_down(layout)
        shutil.rmtree(layout.run)


def stand_in(place: Any, repository: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    """Return a deployment of a supervisor without processes; a mistake in environment.yaml stands for a publish."""
    (place.root / ".venv").symlink_to(repository / ".venv")
    layout = replace(state.locate(place.root, Path(place.environment["AERODROME_STATE"])), root=False)
    for folder in (layout.config, layout.logs, layout.run):
        folder.mkdir(parents=True)
    (layout.state / MARK).touch()
    monkeypatch.setenv("AERODROME_STATE", str(layout.state))
    place.write("environments/local/environment.yaml", "kind: locl\n")
    write_file(supervision.configuration_file(layout), supervision.configuration(layout, []))
    supervision.ensure_running(layout)
    return layout


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
