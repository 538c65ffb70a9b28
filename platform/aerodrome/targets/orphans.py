"""Where things of tenants are kept that no deploy removes, and which of them belong to no tenant any more.

Only what bears a mark of the platform is looked at: a tag, a label, a path of its own. Each place is asked once, by a
number of requests that does not depend on what is found there but for the pages of Airflow's list of DAGs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from aerodrome import names
from aerodrome.clients.airflow import Airflow
from aerodrome.clients.aws import Bucket
from aerodrome.clients.aws_session import session
from aerodrome.clients.cluster import Cluster
from aerodrome.clients.git import removed_on
from aerodrome.environment import Environment
from aerodrome.errors import AerodromeError, counted
from aerodrome.manifest.folder import MANIFEST, TENANTS, tenant_folders
from aerodrome.plan import Orphan, Plan, Planned, taken_away
from aerodrome.progress import Progress
from aerodrome.secrets.values import Values

DAG, SECRETS, NAMESPACE, RESULTS = "DAG", "secrets", "namespace", "large results"
Looks = Mapping[str, Callable[[], Iterable[Orphan]]]
"""Place → what finds its orphans."""
STALE_SECONDS = 90


def with_orphans(planned: Planned, root: Path, looks: Looks) -> Planned:
    """Return *planned* with all orphans in it, and a note for each place that does not let itself be looked at."""
    left, notes = look(looks)
    plan, known = planned.plan, tenant_folders(root)
    found = [*taken_away(plan.changes, plan.environment), *(_to_remove(each, plan) for each in left)]
    # A tenant whose tenant.yaml has mistakes is none of those that targets know.
    told = tuple(replace(each, since=_since(root, each)) for each in sorted(found) if each.owner not in known)
    return replace(planned, plan=replace(plan, orphans=told), notes=(*planned.notes, *notes))


def look(looks: Looks) -> tuple[list[Orphan], list[str]]:
    """Return what is found, and a line for each place that could not be asked."""
    found: list[Orphan] = []
    notes: list[str] = []
    for place, ask in looks.items():
        try:
            found += ask()
        except AerodromeError as problem:
            first, *_ = str(problem.args[0]).splitlines() or [""]
            notes.append(f"{place} was not looked at for orphans: {first}")
    return found, notes


def sentence(tenant: str, found: Iterable[Orphan]) -> str:
    """Return what is kept of *tenant*, which is gone, by what was *found* of all."""
    of_it = [each for each in found if each.owner == tenant]
    dags = sum(each.kind == DAG for each in of_it)
    said = [_said(each) for each in of_it if each.kind != DAG]
    history = [f"Airflow's history of {counted(dags, 'DAG')}"] if dags else []
    return f"tenants/{tenant} is gone, kept of it: {', '.join((*said, *history))}"


def _said(each: Orphan) -> str:
    return f"{each.kind} in {each.where}" if each.name == each.owner else f"{each.kind} {each.name}"


def in_airflow(airflow: Airflow, tenants: Collection[str]) -> Iterator[Orphan]:
    """Yield the DAGs that bear the tag of a tenant that is none of *tenants*, with all that Airflow knows of them."""
    for row in airflow.dags(exclude_stale="false"):
        tenant = row["dag_id"].partition(names.SEPARATOR)[0]
        if names.tag(tenant) in _tags(row) and _is_gone(tenant, tenants):
            yield Orphan(tenant, DAG, row["dag_id"], "Airflow")


def delete_dags(airflow: Airflow, tenant: str, progress: Progress, patience: float = STALE_SECONDS) -> None:
    """Delete what Airflow knows of the DAGs of *tenant*; AerodromeError where one is still published, or runs.

    Airflow hears some seconds late what was taken away: that is waited for, *patience* seconds at most.
    """
    end = time.monotonic() + patience
    while there := [row["dag_id"] for row in _of(airflow, tenant) if not row["is_stale"]]:
        if time.monotonic() > end:
            said = f"Airflow still has {', '.join(there)}: nothing was deleted"
            raise AerodromeError(said, "are they published still? make deploy takes them away")
        progress(f"Airflow still has {', '.join(there)}: waits until it has heard that they are gone")
        time.sleep(1)
    for row in _of(airflow, tenant):
        airflow.delete_dag(row["dag_id"])
        progress(f"deleted Airflow's history of {row['dag_id']}")


def _of(airflow: Airflow, tenant: str) -> list[dict[str, Any]]:
    rows = airflow.dags(exclude_stale="false", tags=names.tag(tenant))
    return [row for row in rows if row["dag_id"].startswith(f"{tenant}{names.SEPARATOR}")]


def among_secrets(values: Values, environment: str, tenants: Collection[str]) -> Iterator[Orphan]:
    """Yield the folders of connections and variables whose tenant is none of *tenants*."""
    for tenant in values.folders(names.tenants_folder(environment)):
        if _is_gone(tenant, tenants):
            yield Orphan(tenant, SECRETS, names.tenant_folder(environment, tenant), "the secrets store")


def among_namespaces(cluster: Cluster, release: str, tenants: Collection[str]) -> Iterator[Orphan]:
    """Yield the namespaces that *release* made for a tenant that is none of *tenants*; those that end are none."""
    selector = f"release={release},{names.TENANT_LABEL}"
    for found in cluster.get("/api/v1/namespaces", [("labelSelector", selector)])["items"]:
        about = found["metadata"]
        tenant = about["labels"][names.TENANT_LABEL]
        if _is_gone(tenant, tenants) and "deletionTimestamp" not in about:
            yield Orphan(tenant, NAMESPACE, about["name"], "the cluster")


def in_bucket(environment: Environment, tenants: Collection[str]) -> Iterator[Orphan]:
    """Yield the folders of large results whose tenant is none of *tenants*, with the rights of who runs this."""
    s3 = environment.results.s3
    if s3 is None:
        return
    place = Bucket(s3.bucket, s3.region, s3.endpoint, session(environment.cluster.eks))
    yield from results(place.folders(s3.base(environment.name)), f"s3://{s3.bucket}/{s3.prefix}", tenants)


def results(folders: Iterable[str], where: str, tenants: Collection[str]) -> Iterator[Orphan]:
    """Yield those *folders* of large results, kept at *where*, whose tenant is none of *tenants*."""
    for tenant in folders:
        if _is_gone(tenant, tenants):
            yield Orphan(tenant, RESULTS, tenant, where)


def _is_gone(tenant: str, tenants: Collection[str]) -> bool:
    # What is derived from other names is the platform's own.
    return not names.why_no_tenant(tenant) and tenant not in tenants


def _tags(row: Mapping[str, Any]) -> set[str]:
    return {str(tag["name"]) for tag in row["tags"]}


def _to_remove(orphan: Orphan, plan: Plan) -> Orphan:
    return replace(orphan, remove=f"make remove-tenant TENANT={orphan.owner} ENV={plan.environment}")


def _since(root: Path, orphan: Orphan) -> str:
    return removed_on(root, f"{TENANTS}/{orphan.owner}/{MANIFEST}")
