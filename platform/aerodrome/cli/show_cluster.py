"""What `status` prints of an environment in a cluster: one screen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING

from aerodrome.cli import show
from aerodrome.errors import counted
from aerodrome.quantities import format_duration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aerodrome.clients.airflow_dags import Dag
    from aerodrome.hosts.inventory import Inventory
    from aerodrome.kubernetes.record import Entry
    from aerodrome.kubernetes.status.airflow import Heard, NotImported, Queue
    from aerodrome.kubernetes.status.components import Component
    from aerodrome.kubernetes.status.whole import ClusterStatus

MOST_FILES, MOST_DAGS = 10, 6
"""So many files that do not import, and DAGs of one tenant, are named; of more their number is told."""


def status(found: ClusterStatus) -> None:
    """Print components, queues, hosts, deploys and DAGs that need somebody, and at the end what is wrong."""
    _components(found.components)
    if found.airflow:
        _queues(found.airflow.queues)
    _hosts(found.inventory, found.away)
    _deploys(found.deploys)
    if found.airflow:
        _not_imported(found.airflow.not_imported)
        _dags(found.airflow, found.contacts, format_duration(found.environment.status.idle_after))
    for line in found.wrong:
        show.line(f"wrong: {line}")


def _rows(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    if show.rows((title, *columns), rows):
        show.line("")


def _components(found: Iterable[Component]) -> None:
    rows = ((one.name, f"{one.ready}/{one.wanted}", str(one.restarts or ""), one.why) for one in found)
    _rows("component", ("ready", "restarts", ""), rows)


def _queues(found: Iterable[Queue]) -> None:
    columns = ("queued", "oldest waits", "running", "")
    _rows("queue", columns, (_queue(one) for one in found))


def _queue(one: Queue) -> Sequence[str]:
    waits = "" if one.oldest_seconds is None else format_duration(timedelta(seconds=one.oldest_seconds))
    note = "" if one.known else "the environment has no such queue: nobody takes these"
    return one.name, str(one.queued), waits, str(one.running), note


def _hosts(found: Inventory | None, away: Sequence[str] | None) -> None:
    if found is None:
        return
    if not found.hosts:
        show.line("hosts: none in the inventory\n")
    rows = ((host.name, host.address, host.zone, ", ".join(host.queues)) for host in found.hosts)
    _rows("host", ("address", "zone", "queues"), rows)
    show.notes([f"no host serves the queue '{queue}': its tasks wait" for queue in found.unserved])
    if away:
        show.notes(
            [f"no worker of {', '.join(away)} is connected to the broker: drained, away or not set up yet"]
        )


def _deploys(found: Sequence[Entry] | None) -> None:
    if found is None:
        return
    if not found:
        show.line("deploys: none is on record\n")
    rows = (
        (str(one.number), one.when, one.who, one.commit, str(one.back_to) if one.back_to else "")
        for one in found
    )
    _rows("deploy", ("when", "who", "commit", "went back to"), rows)


def _not_imported(found: Sequence[NotImported]) -> None:
    rows = [(one.file, one.tenant, one.said) for one in found[:MOST_FILES]]
    more = len(found) - len(rows)
    _rows(
        "file not imported", ("tenant", "why"), [*rows, *([(f"… and {more} more", "", "")] if more else [])]
    )


def _dags(found: Heard, contacts: Mapping[str, str], idle: str) -> None:
    _rows("failing tenant", ("owners", "DAGs whose last run failed"), _by_tenant(found.failing, contacts))
    _rows("idle tenant", ("owners", f"DAGs without a run for {idle}"), _by_tenant(found.idle, contacts))


def _by_tenant(found: Iterable[Dag], contacts: Mapping[str, str]) -> Iterator[Sequence[str]]:
    for tenant, dags in groupby(found, key=lambda dag: dag.tenant):
        names = [_dag(dag) for dag in dags]
        more = [f"… and {len(names) - MOST_DAGS} more"] if len(names) > MOST_DAGS else []
        all_of_them = f"{counted(len(names), 'DAG')}: {', '.join((*names[:MOST_DAGS], *more))}"
        yield tenant, contacts.get(tenant, ""), all_of_them


def _dag(dag: Dag) -> str:
    said = [*([] if dag.ran else ["never ran"]), *(["paused"] if dag.paused else [])]
    return f"{dag.name} ({', '.join(said)})" if said else dag.name
