"""Removes what no row of the database refers to any more: `python -m aerodrome_airflow.xcom.collector`.

What is younger than the time of grace stays, and so does what lies below a task that runs: it may still be
written, or its row may be on the way.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from aerodrome import names

from aerodrome_airflow.xcom.errors import StoreError
from aerodrome_airflow.xcom.objects import Found, ObjectStore
from aerodrome_airflow.xcom.place import Place, dag_prefix, is_key
from aerodrome_airflow.xcom.reference import MARK

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

log = logging.getLogger(__name__)
GRACE = timedelta(minutes=30)
"""Longer than a task whose process is lost counts as running, and than a row may take from its object."""
WRITING = ("running", "restarting")
Sessions = Callable[[], AbstractContextManager["Session"]]


@dataclass
class Collected:
    """What one pass saw: objects of ours, those removed, and those that are not ours and were left alone."""

    kept: int = 0
    removed: int = 0
    foreign: int = 0


@dataclass(frozen=True)
class Collector:
    """What a pass needs to know."""

    store: ObjectStore
    sessions: Sessions
    environment: str
    grace: timedelta = GRACE

    def collect(self, now: datetime | None = None) -> Collected:
        """Remove what nothing refers to, one DAG after the other, and return what was seen."""
        seen, before = Collected(), (now or datetime.now(UTC)) - self.grace
        for tenant in self.store.folders(f"{self.environment}/"):
            for folder in self.store.folders(tenant):
                try:
                    self._collect_below(folder, before, seen)
                except StoreError as problem:
                    log.error("%s: %s", folder, problem)
        return seen

    def _collect_below(self, folder: str, before: datetime, seen: Collected) -> None:
        # This order loses nothing: an object is listed, then its task found not to run any more, and only
        # then is its row looked for, which the task had written while it ran.
        old = list(self._old(folder, before, seen))
        referred = self._in_use(_dag_id(folder)) if old else InUse()
        for found in old:
            if referred.holds(found):
                seen.kept += 1
            else:
                self.store.remove(found)
                seen.removed += 1

    def _old(self, folder: str, before: datetime, seen: Collected) -> Iterator[Found]:
        for found in self.store.find(folder):
            if not is_key(found.key) or not _is_of_dag(folder, self.environment):
                seen.foreign += 1
            elif found.changed >= before:
                seen.kept += 1
            else:
                yield found

    def _in_use(self, dag_id: str) -> InUse:
        with self.sessions() as session:
            writing = tuple(_writing(session, self.environment, dag_id))
        with self.sessions() as session:
            return InUse(writing, frozenset(_referred(session, self.environment, dag_id)))


@dataclass(frozen=True)
class InUse:
    """The prefixes of one DAG that may be written to, and the objects that rows refer to."""

    writing: tuple[str, ...] = ()
    referred: frozenset[str] = frozenset()

    def holds(self, found: Found) -> bool:
        """Return whether *found* must stay."""
        return found.key.startswith(self.writing) or (found.key in self.referred and not found.upload)


def _dag_id(folder: str) -> str:
    _, tenant, dag, _ = folder.split("/")
    return names.dag_id(tenant, dag)


def _is_of_dag(folder: str, environment: str) -> bool:
    try:
        return dag_prefix(environment, _dag_id(folder)) == folder
    except ValueError:
        return False


def _writing(session: Session, environment: str, dag_id: str) -> Iterator[str]:
    """Yield the prefix of each task of the DAG whose process may write."""
    from airflow.models.taskinstance import TaskInstance
    from sqlalchemy import select

    columns = (TaskInstance.run_id, TaskInstance.task_id, TaskInstance.map_index)
    wanted = select(*columns).where(TaskInstance.dag_id == dag_id, TaskInstance.state.in_(WRITING))
    for run_id, task_id, map_index in session.execute(wanted):
        yield Place(environment, dag_id, run_id, task_id, map_index).prefix


def _referred(session: Session, environment: str, dag_id: str) -> Iterator[str]:
    """Yield the key of each object that the row of its own task and run refers to."""
    from airflow.models.xcom import XComModel
    from sqlalchemy import select

    key = XComModel.value[(MARK, "key")].as_string()
    columns = (XComModel.run_id, XComModel.task_id, XComModel.map_index, key)
    wanted = select(*columns).where(XComModel.dag_id == dag_id, key.is_not(None))
    for run_id, task_id, map_index, referred in session.execute(wanted.execution_options(yield_per=1000)):
        if referred.startswith(Place(environment, dag_id, run_id, task_id, map_index).prefix):
            yield referred


def main() -> int:
    """Collect once, or again and again until told to end; return 1 where a single pass failed."""
    options = _options()
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    while True:
        succeeded = _pass(timedelta(minutes=options.grace))
        if options.every is None or ended.wait(options.every * 60):
            return 0 if succeeded else 1


def _pass(grace: timedelta) -> bool:
    from aerodrome_airflow.xcom.settings import settings

    try:
        seen = Collector(settings().stores.all(), _sessions(), settings().environment, grace).collect()
    except StoreError as problem:
        log.error("large results: this pass was broken off: %s", problem)
        return False
    except Exception:
        # The database may be away for a while: the next pass is as good.
        log.exception("large results: this pass was broken off")
        return False
    log.info("large results: %d kept, %d removed, %d not ours", seen.kept, seen.removed, seen.foreign)
    return True


def _sessions() -> Sessions:
    from airflow.utils.session import create_session

    return create_session


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Remove large results that nothing refers to any more.")
    parser.add_argument("--every", type=float, help="minutes between passes; left out: one pass")
    parser.add_argument("--grace", type=float, default=GRACE / timedelta(minutes=1), help="minutes")
    return parser.parse_args()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main())
