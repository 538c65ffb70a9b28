"""The collector: nothing that is needed goes, nothing that is not needed stays."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from aerodrome_airflow.xcom.collector import GRACE, Collector
from aerodrome_airflow.xcom.place import Place
from aerodrome_airflow.xcom.reference import Reference
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

LATER = timedelta(hours=2)
TASKS = ("extract", "load")
RUNS = ("manual__1", "scheduled__2024-01-31T00:00:00+00:00", "r/../" + "x" * 200)
# Enough for a part of its own in S3.
PART = bytes(8 * 1024 * 1024)
_numbers = count()


@dataclass
class Attempt:
    """A task whose process runs: what it is just writing, and what it has written without a row yet."""

    uploads: list[Any] = field(default_factory=list)
    written: list[tuple[Reference, bytes, str]] = field(default_factory=list)


def machine(store: Any, rows: Any, contents: Any) -> type[RuleBasedStateMachine]:
    """Return what may happen to runs, tasks and results, in any order, and what must then hold."""
    tasks, keys = st.sampled_from(TASKS), st.sampled_from(["return_value", "table.part-00000000", "é/.."])
    runs = st.sampled_from(RUNS)

    class Results(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.environment = f"e{next(_numbers)}"
            self.dag = f"alpha.d{next(_numbers)}"
            self.content = contents(store)
            self.runs: set[str] = set()
            self.running: dict[Place, Attempt] = {}
            self.rows: dict[tuple[Place, str], tuple[Reference, bytes]] = {}

        def place(self, run: str, task: str) -> Place:
            return Place(self.environment, self.dag, run, task)

        def forget(self, gone: Callable[[Place], bool]) -> None:
            self.rows = {row: kept for row, kept in self.rows.items() if not gone(row[0])}

        @initialize(run=runs, task=tasks)
        def start(self, run: str, task: str) -> None:
            self.start_or_clear_and_retry(run, task)

        @rule(run=runs, task=tasks)
        def start_or_clear_and_retry(self, run: str, task: str) -> None:
            place = self.place(run, task)
            if run not in self.runs:
                rows.start_run(self.dag, run, TASKS)
                self.runs.add(run)
            if place not in self.running:
                rows.set_state(place, "running")
                rows.clear(place)
                self.forget(lambda one: one == place)
                self.running[place] = Attempt()

        @precondition(lambda self: self.running)
        @rule(data=st.data(), key=keys)
        def begin_to_write(self, data: st.DataObject, key: str) -> None:
            place = data.draw(st.sampled_from(list(self.running)))
            upload = store.create(place.new_key(key))
            upload.write(PART)
            self.running[place].uploads.append(upload)

        @precondition(lambda self: any(attempt.uploads for attempt in self.running.values()))
        @rule()
        def abandon_an_upload(self) -> None:
            next(attempt for attempt in self.running.values() if attempt.uploads).uploads.pop().abort()

        @precondition(lambda self: self.running)
        @rule(data=st.data(), key=keys, with_row=st.booleans())
        def write(self, data: st.DataObject, key: str, with_row: bool) -> None:
            place = data.draw(st.sampled_from(list(self.running)))
            content = os.urandom(8)
            self.running[place].written.append((self.content.write(place, content), content, key))
            if with_row:
                self.store_row(place)

        @precondition(lambda self: any(attempt.written for attempt in self.running.values()))
        @rule()
        def store_rows_at_last(self) -> None:
            for place, attempt in self.running.items():
                while attempt.written:
                    self.store_row(place)

        def store_row(self, place: Place) -> None:
            reference, content, key = self.running[place].written.pop()
            rows.put(place, key, reference.to_json())
            self.rows[place, key] = (reference, content)

        @precondition(lambda self: self.running)
        @rule(data=st.data(), state=st.sampled_from(["success", "failed", "up_for_retry", None]))
        def end_or_crash(self, data: st.DataObject, state: str | None) -> None:
            place = data.draw(st.sampled_from(list(self.running)))
            rows.set_state(place, state)
            del self.running[place]

        @precondition(lambda self: self.rows)
        @rule(data=st.data())
        def overwrite_by_a_plain_value(self, data: st.DataObject) -> None:
            place, key = data.draw(st.sampled_from(list(self.rows)))
            rows.put(place, key, {"plain": True})
            del self.rows[place, key]

        @precondition(lambda self: self.rows)
        @rule(data=st.data(), task=tasks)
        def refer_from_elsewhere(self, data: st.DataObject, task: str) -> None:
            place, key = data.draw(st.sampled_from(list(self.rows)))
            other = replace(place, task_id="load" if place.task_id == "extract" else "extract")
            rows.put(other, "forged", self.rows[place, key][0].to_json())

        @precondition(lambda self: len(self.runs) > 1)
        @rule(data=st.data())
        def delete_run(self, data: st.DataObject) -> None:
            run = data.draw(st.sampled_from(sorted(self.runs)))
            rows.delete_run(self.dag, run)
            self.runs.remove(run)
            self.forget(lambda place: place.run_id == run)
            self.running = {place: one for place, one in self.running.items() if place.run_id != run}

        @precondition(lambda self: self.rows and not self.running)
        @rule()
        def delete_the_dag(self) -> None:
            rows.delete_dag(self.dag)
            self.runs.clear()
            self.rows.clear()
            self.collect_all()

        @precondition(lambda self: self.rows)
        @rule(data=st.data())
        def take_a_task_out_of_the_dag(self, data: st.DataObject) -> None:
            task = data.draw(st.sampled_from([place.task_id for place, _ in self.rows]))
            # Airflow ends its processes and keeps its rows: the page of an old run still shows what it returned.
            for place in [self.place(run, task) for run in self.runs]:
                rows.set_state(place, "removed")
                self.running.pop(place, None)

        @rule(later=st.booleans())
        def collect(self, later: bool) -> None:
            before = len(list(store.find(f"{self.environment}/")))
            seen = self.collected(LATER if later else timedelta())
            assert later or seen.removed == 0
            assert seen.kept + seen.removed == before

        @precondition(lambda self: any(attempt.uploads for attempt in self.running.values()))
        @rule()
        def finish_all_uploads(self) -> None:
            for attempt in self.running.values():
                for upload in attempt.uploads:
                    upload.commit()
                attempt.uploads.clear()

        def collected(self, shift: timedelta) -> Any:
            return Collector(store, rows.sessions, self.environment).collect(datetime.now(UTC) + shift)

        @invariant()
        def what_is_referred_to_can_be_read(self) -> None:
            waiting = [one[:2] for attempt in self.running.values() for one in attempt.written]
            for reference, content in (*self.rows.values(), *waiting):
                assert self.content.read(reference) == content

        def teardown(self) -> None:
            for place in self.running:
                rows.set_state(place, "failed")
            self.collect_all()

        def collect_all(self) -> None:
            """Collect what the time of grace keeps too; no task runs."""
            self.collected(LATER)
            left = {found.key for found in store.find(f"{self.environment}/")}
            assert left == {reference.key for reference, _ in self.rows.values()}

    return Results


def _check(found: type[RuleBasedStateMachine], examples: int) -> None:
    run_state_machine_as_test(
        found,
        settings=settings(
            max_examples=examples,
            stateful_step_count=40,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            # To shorten what failed would go through the database for minutes.
            phases=[Phase.generate],
        ),
    )


def test_whatever_happens_what_is_needed_stays_and_the_rest_goes(
    folder_store: Any, rows: Any, contents: Any
) -> None:
    """Runs, retries, crashes, clears and deletions in any order, on PostgreSQL and a folder."""
    _check(machine(folder_store, rows, contents), 40)


def test_the_same_holds_in_s3(bucket: Any, rows: Any, contents: Any) -> None:
    """The same on an S3 server."""
    _check(machine(bucket.empty_store(), rows, contents), 4)


CRASHING = """
import os, sys, signal
from pathlib import Path
sys.path.insert(0, {platform!r})
import boto3
from aerodrome_airflow.xcom.content import Limits, Spill
from aerodrome_airflow.xcom.folder import FolderStore
from aerodrome_airflow.xcom.place import Place
from aerodrome_airflow.xcom.s3 import S3Store
store = {store}
spill = Spill(store, Place("crash", "alpha.daily", "run", "load"), "return_value", Limits(), None)
for number in range(20):
    spill.write(os.urandom(1024 * 1024))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("kind", ["folder", "s3"])
def test_a_process_killed_while_it_writes_leaves_only_what_is_collected(
    kind: str, rows: Any, request: pytest.FixtureRequest, repository: Any, tmp_path: Any
) -> None:
    """Parts of an object of S3, and a draft in a folder; younger than the time of grace, they stay."""
    if kind == "folder":
        store, text = (
            request.getfixturevalue("folder_store"),
            f"FolderStore(Path({str(tmp_path / 'store')!r}))",
        )
    else:
        bucket = request.getfixturevalue("bucket")
        store = bucket.empty_store()
        text = f"S3Store(lambda: {_client(bucket)}, 'results', {store._base!r})"
    program = CRASHING.format(platform=str(repository / "platform"), store=text)
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -9
    (found,) = store.find("crash/")
    collector = Collector(store, rows.sessions, "crash")
    assert found.upload and collector.collect().removed == 0
    assert collector.collect(datetime.now(UTC) + GRACE + timedelta(seconds=5)).removed == 1
    assert list(store.find("crash/")) == []


def _client(bucket: Any) -> str:
    return (
        f"boto3.client('s3', endpoint_url={bucket.endpoint!r}, region_name='us-east-1', "
        "aws_access_key_id='tester', aws_secret_access_key='tester-secret')"
    )


def test_what_is_not_ours_stays(folder_store: Any, rows: Any, tmp_path: Any) -> None:
    """A file of another form, and other environments."""
    for path in ("live/alpha/daily/notes.txt", "live/alpha/NoDag/r/t/-1/k-" + "0" * 32, "other/alpha/d/x"):
        (tmp_path / "store" / path).parent.mkdir(parents=True)
        (tmp_path / "store" / path).touch()
    seen = Collector(folder_store, rows.sessions, "live").collect(datetime.now(UTC) + LATER)
    assert (seen.kept, seen.removed, seen.foreign) == (0, 0, 2)
    assert len([path for path in (tmp_path / "store").rglob("*") if path.is_file()]) == 3
