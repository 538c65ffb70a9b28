"""Tells tenants of their DAGs that run no more: `python -m aerodrome_airflow.idle_dags`.

The DAG processor starts it again and again. A DAG is told once for each `status.idle_after` that it has been without a
run, to each alert channel of its tenant; what was told stands in Airflow's audit log, as an event of the DAG. Paused
DAGs rest because somebody wants them to, and are not told.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from aerodrome import names
from aerodrome.policy.facts import PLATFORM_FOLDER
from aerodrome.policy.limits import Channel, Limits

from aerodrome_airflow.alerts import alert_id, deliver, limits_beside

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

EVENT = "aerodrome idle"
KIND = "idle"
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Idle:
    """A DAG without a run after *last*, when its newest one began; where it never *ran*, when it was first parsed."""

    dag_id: str
    file: str
    last: datetime
    ran: bool

    def reason(self) -> str:
        """Return since when it rests, for people."""
        day = f"{self.last:%Y-%m-%d}"
        return f"no run since {day}" if self.ran else f"never ran since it was published on {day}"


def tell(session: Session, idle_after: timedelta, now: datetime) -> int:
    """Tell every channel of each DAG that has been idle for so long what it was not told yet; return how often."""
    done = 0
    for each in idle(session, now - idle_after):
        try:
            limits = limits_beside(each.file)
        except (OSError, ValueError) as problem:
            log.error("%s is idle, and whom to tell is not known: %s", each.dag_id, problem)
            continue
        done += _tell(session, each, limits, document(each, limits, idle_after, now))
    return done


def idle(session: Session, since: datetime) -> Iterator[Idle]:
    """Yield tenants' DAGs that are there, not paused, known since before *since*, and had no run after it."""
    from airflow.models.dag import DagModel
    from airflow.models.dag_version import DagVersion
    from airflow.models.dagrun import DagRun
    from sqlalchemy import false, func, select

    begun = func.coalesce(DagRun.start_date, DagRun.run_after)
    newest = select(DagRun.dag_id, func.max(begun).label("at")).group_by(DagRun.dag_id).subquery()
    made = func.min(DagVersion.created_at).label("at")
    first = select(DagVersion.dag_id, made).group_by(DagVersion.dag_id).subquery()
    wanted = (
        select(DagModel.dag_id, DagModel.fileloc, newest.c.at, first.c.at)
        .outerjoin(newest, newest.c.dag_id == DagModel.dag_id)
        .outerjoin(first, first.c.dag_id == DagModel.dag_id)
        .where(DagModel.is_stale == false(), DagModel.is_paused == false())
        .where(func.coalesce(newest.c.at, first.c.at) <= since)
        .order_by(DagModel.dag_id)
    )
    for dag_id, file, last, known in session.execute(wanted).all():
        if dag_id.partition(names.SEPARATOR)[0] != PLATFORM_FOLDER:
            yield Idle(dag_id, file, last or known, last is not None)


def document(each: Idle, limits: Limits, idle_after: timedelta, now: datetime) -> dict[str, Any]:
    """Return what channels are told; its `id` is another one for each time of *idle_after* without a run."""
    times = (now - each.last) // idle_after
    return {
        "id": alert_id(each.dag_id, f"{each.last.isoformat()} {times}", KIND),
        "time": now.isoformat(timespec="seconds"),
        "environment": limits.environment,
        "tenant": limits.tenant,
        "owner": limits.owner,
        "kind": KIND,
        "dag_id": each.dag_id,
        "run_id": None,
        "task_id": None,
        "reason": each.reason(),
    }


def _tell(session: Session, each: Idle, limits: Limits, told: dict[str, Any]) -> int:
    from airflow.models.log import Log

    missing = [channel for channel in limits.channels if not _knows(session, each, channel, told["id"])]
    reached = [channel for channel in missing if deliver(channel, told)]
    for channel in reached:
        session.add(Log(EVENT, dag_id=each.dag_id, owner="aerodrome", extra=_note(channel, told["id"])))
    # What is not noted is told again.
    session.commit()
    return len(reached)


def _knows(session: Session, each: Idle, channel: Channel, number: str) -> bool:
    from airflow.models.log import Log
    from sqlalchemy import select

    mine = (Log.event == EVENT, Log.dag_id == each.dag_id, Log.extra == _note(channel, number))
    return session.scalar(select(Log.id).where(*mine).limit(1)) is not None


def _note(channel: Channel, number: str) -> str:
    return f"{number} {channel.name}"


def main() -> None:
    """Tell what is to be told now, and end."""
    from airflow.configuration import conf
    from airflow.utils.session import create_session

    seconds = conf.getint("aerodrome", "idle_after", fallback=0)
    if seconds <= 0:
        return
    with create_session() as session:
        number = tell(session, timedelta(seconds=seconds), datetime.now(UTC))
    if number:
        log.info("%d alerts of idle DAGs were sent", number)


if __name__ == "__main__":
    main()
