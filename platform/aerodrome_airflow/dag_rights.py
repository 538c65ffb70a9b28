"""Which DAGs already have exactly the rights that they declare.

Airflow's FAB provider compares and writes the rights of every parsed DAG, one statement after another: about 30 ms of
CPU each, more than parsing it. One query for all of them leaves Airflow only those that differ.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from airflow.configuration import conf
from airflow.dag_processing import collection
from sqlalchemy import select
from sqlalchemy.orm import Session

Grant = tuple[str, str, str]
"""Role, action, resource."""


@contextmanager
def only_differing(dags: Collection[Any], session: Session) -> Iterator[None]:
    """Let Airflow store *dags* within this context without touching rights that are already as declared."""
    settled = _settled(dags, session) if "FabAuthManager" in conf.get("core", "auth_manager") else frozenset()
    sync = collection._sync_dag_perms

    def sync_if_different(dag: Any, session: Session) -> None:
        if dag.dag_id not in settled:
            sync(dag, session)

    collection._sync_dag_perms = sync_if_different
    try:
        yield
    finally:
        collection._sync_dag_perms = sync


def _settled(dags: Collection[Any], session: Session) -> frozenset[str]:
    kinds = _kinds()
    resources = {prefix + dag.dag_id for dag in dags for prefix, _ in kinds.values()}
    permissions, grants = _stored(resources, session)
    return frozenset(
        dag.dag_id
        for dag in dags
        if all(actions <= permissions[prefix + dag.dag_id] for prefix, actions in kinds.values())
        and _as_declared(dag, kinds, grants)
    )


def _as_declared(
    dag: Any, kinds: Mapping[str, tuple[str, set[str]]], grants: Mapping[str, set[Grant]]
) -> bool:
    declared = dag.access_control
    if declared is None:
        return True
    try:
        wanted = {
            (role, action, kinds[kind][0] + dag.dag_id)
            for role, rights in declared.items()
            for kind, actions in rights.items()
            for action in actions
        }
    except (AttributeError, KeyError):
        # A form that the platform does not render: Airflow's own code knows what to do.
        return False
    found = {grant for prefix, _ in kinds.values() for grant in grants[prefix + dag.dag_id]}
    return wanted == {grant for grant in found if grant[0] != "Admin"} and all(map(bool, declared.values()))


def _kinds() -> dict[str, tuple[str, set[str]]]:
    """Return the prefix and the actions of each kind of resource that a DAG has."""
    from airflow.providers.fab.www.security import permissions

    details = permissions.RESOURCE_DETAILS_MAP
    return {kind: (str(found["prefix"]), set(found["actions"])) for kind, found in details.items()}


def _stored(
    resources: Collection[str], session: Session
) -> tuple[dict[str, set[str]], dict[str, set[Grant]]]:
    """Return, for each of *resources*, the actions that exist and the grants of them."""
    from airflow.providers.fab.auth_manager.models import (
        Action,
        Permission,
        Resource,
        Role,
        assoc_permission_role,
    )

    granted = assoc_permission_role.c
    query = (
        select(Resource.name, Action.name, Role.name)
        .select_from(Permission)
        .join(Resource, Resource.id == Permission.resource_id)
        .join(Action, Action.id == Permission.action_id)
        .outerjoin(assoc_permission_role, granted.permission_view_id == Permission.id)
        .outerjoin(Role, Role.id == granted.role_id)
        .where(Resource.name.in_(resources))
    )
    permissions: defaultdict[str, set[str]] = defaultdict(set)
    grants: defaultdict[str, set[Grant]] = defaultdict(set)
    for resource, action, role in session.execute(query):
        permissions[resource].add(action)
        if role is not None:
            grants[resource].add((role, action, resource))
    return permissions, grants
