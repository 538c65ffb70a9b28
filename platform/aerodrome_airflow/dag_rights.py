"""The rights on single DAGs, written for many of them at once and in the transaction that stores them.

Airflow's FAB provider compares and writes the rights of every parsed DAG one after another, and commits after each: up
to a second for a new DAG, and in between it is listed though nobody may start it. Here one query tells what differs,
and a few statements write it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from airflow.configuration import conf
from airflow.dag_processing import collection
from sqlalchemy import delete, insert, select, tuple_
from sqlalchemy.orm import Session

Right = tuple[str, str]
"""Action, resource."""
Grant = tuple[str, str, str]
"""Role, action, resource."""
Kinds = Mapping[str, tuple[str, frozenset[str]]]
"""The prefix and the actions of each kind of resource that a DAG has."""

# FAB gives this role everything; nothing is taken from it.
ADMIN = "Admin"


@contextmanager
def written_together(dags: Collection[Any], session: Session) -> Iterator[None]:
    """Let Airflow store *dags* within this context; their rights are written at its end."""
    if "FabAuthManager" not in conf.get("core", "auth_manager"):
        yield
        return
    simple = {dag.dag_id: dag for dag in _simple(dags, session)}
    sync = collection._sync_dag_perms

    def sync_others(dag: Any, session: Session) -> None:
        if dag.dag_id not in simple:
            sync(dag, session)

    collection._sync_dag_perms = sync_others
    try:
        yield
    finally:
        collection._sync_dag_perms = sync
    _write(simple.values(), session)


def _simple(dags: Collection[Any], session: Session) -> list[Any]:
    """Return the DAGs whose rights are of known roles, kinds and actions; of others Airflow's own code tells why."""
    kinds, roles = _kinds(), frozenset(_role_ids(session))
    return [dag for dag in dags if _is_simple(dag.access_control, kinds, roles)]


def _is_simple(declared: Any, kinds: Kinds, roles: Collection[str]) -> bool:
    if declared is None:
        return True
    return declared.keys() <= roles and all(
        isinstance(rights, Mapping)
        and rights.keys() <= kinds.keys()
        and all(kinds[kind][1].issuperset(actions) for kind, actions in rights.items())
        for rights in declared.values()
    )


def _write(dags: Collection[Any], session: Session) -> None:
    kinds = _kinds()
    rights = {
        (action, prefix + dag.dag_id) for dag in dags for prefix, all_ in kinds.values() for action in all_
    }
    found, held = _stored({resource for _, resource in rights}, session)
    _create(rights - found, session)
    declared = [dag for dag in dags if dag.access_control is not None]
    managed = {prefix + dag.dag_id for dag in declared for prefix, _ in kinds.values()}
    wanted = {grant for dag in declared for grant in _grants(dag, kinds)}
    surplus = {grant for grant in held - wanted if grant[2] in managed and grant[0] != ADMIN}
    _regrant(wanted - held, surplus, session)


def _grants(dag: Any, kinds: Kinds) -> Iterator[Grant]:
    for role, rights in dag.access_control.items():
        for kind, actions in rights.items():
            for action in actions:
                yield role, action, kinds[kind][0] + dag.dag_id


def _kinds() -> Kinds:
    from airflow.providers.fab.www.security import permissions

    details = permissions.RESOURCE_DETAILS_MAP
    return {kind: (str(found["prefix"]), frozenset(found["actions"])) for kind, found in details.items()}


def _stored(resources: Collection[str], session: Session) -> tuple[set[Right], set[Grant]]:
    """Return the rights that exist on *resources*, and who has them."""
    from airflow.providers.fab.auth_manager.models import (
        Action,
        Permission,
        Resource,
        Role,
        assoc_permission_role,
    )

    granted = assoc_permission_role.c
    query = (
        select(Action.name, Resource.name, Role.name)
        .select_from(Permission)
        .join(Resource, Resource.id == Permission.resource_id)
        .join(Action, Action.id == Permission.action_id)
        .outerjoin(assoc_permission_role, granted.permission_view_id == Permission.id)
        .outerjoin(Role, Role.id == granted.role_id)
        .where(Resource.name.in_(resources))
    )
    rows = session.execute(query).all()
    held = {(role, action, resource) for action, resource, role in rows if role is not None}
    return {(action, resource) for action, resource, _ in rows}, held


def _create(rights: Collection[Right], session: Session) -> None:
    from airflow.providers.fab.auth_manager.models import Action, Permission, Resource

    if not rights:
        return
    actions = _ids(Action, {action for action, _ in rights}, session)
    resources = _ids(Resource, {resource for _, resource in rights}, session)
    session.execute(
        insert(Permission),
        [{"action_id": actions[action], "resource_id": resources[resource]} for action, resource in rights],
    )


def _ids(model: Any, names: Collection[str], session: Session) -> dict[str, int]:
    """Return the ids of *names* in *model*, made where they are missing."""
    query = select(model.name, model.id).where(model.name.in_(names))
    found: dict[str, int] = dict(session.execute(query).tuples().all())
    if missing := sorted(set(names) - found.keys()):
        session.execute(insert(model), [{"name": name} for name in missing])
        return _ids(model, names, session)
    return found


def _regrant(missing: Collection[Grant], surplus: Collection[Grant], session: Session) -> None:
    from airflow.providers.fab.auth_manager.models import assoc_permission_role

    if not missing and not surplus:
        return
    roles = _role_ids(session)
    rights = _right_ids({resource for _, _, resource in (*missing, *surplus)}, session)
    if surplus:
        table = assoc_permission_role.c
        pairs = [(rights[action, resource], roles[role]) for role, action, resource in surplus]
        key = tuple_(table.permission_view_id, table.role_id)
        session.execute(delete(assoc_permission_role).where(key.in_(pairs)))
    if missing:
        rows = [
            {"permission_view_id": rights[action, resource], "role_id": roles[role]}
            for role, action, resource in missing
        ]
        session.execute(insert(assoc_permission_role), rows)


def _role_ids(session: Session) -> dict[str, int]:
    from airflow.providers.fab.auth_manager.models import Role

    return dict(session.execute(select(Role.name, Role.id)).tuples().all())


def _right_ids(resources: Collection[str], session: Session) -> dict[Right, int]:
    from airflow.providers.fab.auth_manager.models import Action, Permission, Resource

    query = (
        select(Action.name, Resource.name, Permission.id)
        .select_from(Permission)
        .join(Resource, Resource.id == Permission.resource_id)
        .join(Action, Action.id == Permission.action_id)
        .where(Resource.name.in_(resources))
    )
    return {(action, resource): id_ for action, resource, id_ in session.execute(query)}
