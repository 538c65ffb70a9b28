"""Bring FAB's roles and users and Airflow's pools to a desired state.

Runs as a program with Airflow's configuration: the state comes as JSON on standard input, what changed goes
as one line of JSON to standard output. Permissions of single DAGs belong to the DAGs and are left alone.
"""

from __future__ import annotations

import json
import sys
from typing import Any

_ONE_DAG = ("DAG:", "DAG Run:")


def main() -> None:
    """Read the desired state, apply it, print what changed."""
    from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder

    wanted = json.load(sys.stdin)
    with get_application_builder() as builder:
        manager = builder.sm
        changed = [
            *_sync_roles(manager, wanted["roles"]),
            *_sync_users(manager, wanted["users"]),
            *_sync_pools(wanted["pools"]),
            *_delete(manager, wanted["delete"]),
        ]
    sys.stdout.write("\n" + json.dumps({"changed": changed}) + "\n")


def _sync_roles(manager: Any, wanted: dict[str, list[list[str]]]) -> list[str]:
    changed = []
    for name, permissions in sorted(wanted.items()):
        role = manager.find_role(name)
        made = role is None
        role = role or manager.add_role(name)
        if _sync_permissions(manager, role, {(action, resource) for action, resource in permissions}) or made:
            changed.append(f"{'create' if made else 'update'} role {name}")
    return changed


def _sync_permissions(manager: Any, role: Any, wanted: set[tuple[str, str]]) -> bool:
    live = {
        (permission.action.name, permission.resource.name): permission
        for permission in role.permissions
        if not permission.resource.name.startswith(_ONE_DAG)
    }
    for action, resource in sorted(wanted - live.keys()):
        manager.add_permission_to_role(role, manager.create_permission(action, resource))
    for key in sorted(live.keys() - wanted):
        manager.remove_permission_from_role(role, live[key])
    return bool(wanted ^ live.keys())


def _sync_users(manager: Any, wanted: list[dict[str, Any]]) -> list[str]:
    changed = []
    for entry in wanted:
        roles = [manager.find_role(name) for name in entry["roles"]]
        user = manager.find_user(username=entry["name"])
        if user is None:
            person = (entry["name"], entry["name"], entry["last_name"], entry["email"])
            if not manager.add_user(*person, roles, password=entry["password"]):
                raise SystemExit(f"the user {entry['name']} could not be created")
            changed.append(f"create user {entry['name']}")
        elif _sync_user(manager, user, roles, entry["password"]):
            changed.append(f"update user {entry['name']}")
    return changed


def _sync_user(manager: Any, user: Any, roles: list[Any], password: str) -> bool:
    from werkzeug.security import check_password_hash

    other_roles = {role.name for role in user.roles} != {role.name for role in roles}
    if other_roles:
        user.roles = roles
        manager.update_user(user)
    other_password = not check_password_hash(user.password or "", password)
    if other_password:
        manager.reset_password(user.id, password)
    return other_roles or other_password


def _sync_pools(wanted: dict[str, tuple[int, str]]) -> list[str]:
    from airflow.models.pool import Pool
    from airflow.utils.session import create_session
    from sqlalchemy import select

    changed = []
    with create_session() as session:
        live = {pool.pool: (pool.slots, pool.description or "") for pool in session.scalars(select(Pool))}
        for name, (slots, description) in sorted(wanted.items()):
            if live.get(name) != (slots, description):
                Pool.create_or_update_pool(name, slots, description, include_deferred=False, session=session)
                changed.append(f"{'update' if name in live else 'create'} pool {name}")
    return changed


def _delete(manager: Any, wanted: list[list[str]]) -> list[str]:
    from airflow.models.pool import Pool

    changed = []
    for kind, name in wanted:
        if kind == "role":
            manager.delete_role(name)
        elif kind == "user":
            if not manager.del_register_user(manager.find_user(username=name)):
                raise SystemExit(f"the user {name} could not be deleted")
        elif kind == "pool":
            Pool.delete_pool(name)
        changed.append(f"delete {kind} {name}")
    return changed


if __name__ == "__main__":
    main()
