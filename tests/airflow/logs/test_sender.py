"""Logs are sent while a task runs and when it has ended; while the store is away they wait, within bounds."""

from __future__ import annotations

import os
import pwd
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from aerodrome_airflow.logs.place import RefusedError
from aerodrome_airflow.logs.sender import MOST_REFUSED, STILL_WRITTEN, Bounds

from .conftest import LOG

KEY = f"onprem/{LOG}.hadoop1"


def test_a_log_that_is_still_written_is_sent_and_sent_again(host: Any, log_bucket: Any) -> None:
    """Whoever looks at a running task sees what it has said so far."""
    sender = host.sender()
    host.write(LOG, "one\n", age=0)
    sender.once()
    assert log_bucket.objects()[KEY] == b"one\n"
    host.clock.now += 5
    host.write(LOG, "one\ntwo\n", age=4)
    assert sender.once().waiting == 0
    assert log_bucket.objects()[KEY] == b"one\ntwo\n"


def test_a_large_log_that_grows_without_pause_is_sent_less_often(host: Any) -> None:
    """Each time it would travel as a whole."""
    sender, large = host.sender(), "x" * 40_000_000
    host.write(LOG, large, age=0)
    sender.once()
    host.clock.now += 30
    host.write(LOG, large + "y", age=0)
    assert sender.once().waiting == 1
    host.clock.now += 11
    assert sender.once().waiting == 0


def test_a_new_start_sends_nothing_twice(host: Any, log_bucket: Any) -> None:
    """What was sent stands in a ledger on the host."""
    host.write(LOG, "one\n")
    host.sender().once()
    sent = log_bucket.objects()
    host.store = None
    assert host.sender().once().waiting == 0 and log_bucket.objects() == sent


def test_while_the_store_is_away_logs_stay_and_are_sent_when_it_is_back(
    cut_off: Any, host: Any, log_bucket: Any
) -> None:
    """Nothing is lost, and how long it lasts can be measured."""
    cut_off.write(LOG.replace("load", "later"), "kept\n")
    sender = cut_off.sender()
    sender.once()
    cut_off.clock.now += 100
    status = sender.once()
    assert status.waiting == 1 and cut_off.clock.now - status.failing_since == 100
    sender._store = host.store
    assert sender.once().failing_since == 0
    assert log_bucket.objects()[KEY.replace("load", "later")] == b"kept\n"


def test_what_was_sent_goes_after_its_time_and_what_was_not_stays(host: Any) -> None:
    """The host keeps a log for a while, for whoever looks at the host."""
    old, unsent = host.write(LOG, "old\n", age=7000), host.folder / "unsent.log"
    sender = host.sender()
    sender.once()
    unsent.write_text("new\n")
    sender.clean()
    assert not old.exists() and unsent.exists()


@pytest.mark.parametrize(("age", "left"), [(STILL_WRITTEN + 1, ["b"]), (1, ["a", "b", "c"])])
def test_a_full_folder_loses_the_oldest_that_nobody_writes_to(host: Any, age: float, left: list[str]) -> None:
    """Those that were sent first; a log that is being written would go on in a file that nobody finds."""
    host.bounds = Bounds(10**9, 15)
    host.write("a", "0123456789", age=age + 30)
    sender = host.sender()
    sender.once()
    host.write("c", "0123456789", age=age + 20)
    host.write("b", "0123456789", age=age)
    sender.clean()
    assert sorted(path.name for path in host.folder.iterdir()) == left
    assert sender.once(at_rest=True).dropped == (1 if left == ["b"] else 0)


class Choosy:
    """A store that refuses what has *word* in its key, as one whose name is too long; *tried*: what it was given."""

    def __init__(self, store: Any, word: str) -> None:
        self.store, self.word, self.tried = store, word, list[str]()

    def put(self, key: str, content: Any) -> None:
        """Store it or not."""
        self.tried.append(key)
        if self.word in key:
            raise RefusedError("too long")
        self.store.put(key, content)


def test_logs_that_the_store_refuses_do_not_hold_up_the_others(host: Any, log_bucket: Any) -> None:
    """However many of a tenant's it refuses, and though they are older."""
    host.store = Choosy(host.store, "bad")
    for number in range(3 * MOST_REFUSED):
        host.write(f"bad{number}.log", "x", age=90)
    host.write("good.log", "y")
    sender = host.sender()
    statuses = [sender.once() for _ in range(4)]
    assert statuses[-1].waiting == 3 * MOST_REFUSED and statuses[-1].failing_since == 0
    assert log_bucket.objects()["onprem/good.log.hadoop1"] == b"y"


def test_a_refused_log_is_tried_again_more_and_more_seldom(host: Any) -> None:
    """And goes out at once when the host is about to be removed."""
    host.store = store = Choosy(host.store, "bad")
    host.write("bad.log", "x")
    sender = host.sender()
    for _ in range(600):
        sender.once()
        host.clock.now += 1
    assert len(store.tried) == len([0, 30, 90, 210, 450])
    store.word = "nothing"
    assert sender.once(at_rest=True).waiting == 0


def test_a_store_that_refuses_everything_is_a_store_that_is_away(host: Any) -> None:
    """It is not asked for each of a thousand logs, and how long that lasts is measured."""
    host.store = store = Choosy(host.store, "log")
    for number in range(3 * MOST_REFUSED):
        host.write(f"{number}.log", "x")
    assert host.sender().once().failing_since and len(store.tried) == MOST_REFUSED


def test_a_link_is_nobodys_log(host: Any, log_bucket: Any, tmp_path: Path) -> None:
    """The sender reads what workers write, and follows nothing out of it."""
    (tmp_path / "secret").write_text("of somebody else")
    host.write("real.log", "x")
    (host.folder / "link.log").symlink_to(tmp_path / "secret")
    (host.folder / "folder").symlink_to(tmp_path)
    host.sender().once()
    assert not any("of somebody" in text.decode() for text in log_bucket.objects().values())


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody may enter."""
    with tempfile.TemporaryDirectory(prefix="logs-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@contextmanager
def nobody() -> Iterator[None]:
    """Have the rights of a user without any, where this is root."""
    me = os.geteuid()
    if me == 0:
        os.seteuid(pwd.getpwnam("nobody").pw_uid)
    yield
    os.seteuid(me)


def test_a_folder_that_may_not_be_entered_is_told_once_and_the_others_are_sent(
    host: Any, log_bucket: Any, open_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """But for the one that a volume keeps for itself."""
    host.folder = open_folder
    host.write("seen/open.log", "x")
    for name in ("closed", "lost+found"):
        (open_folder / name).mkdir(mode=0)
    sender = host.sender()
    sender.once()
    with nobody():
        found = [sender.once().waiting for _ in range(2)]
    assert found == [0, 0] and log_bucket.objects()["onprem/seen/open.log.hadoop1"] == b"x"
    (told,) = (line for line in caplog.messages if "may not be entered" in line)
    assert str(open_folder / "closed") in told
