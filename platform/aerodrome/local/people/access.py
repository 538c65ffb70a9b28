"""Who may do what in Airflow: roles of tenants and of the platform, the first administrator, pools.

An example user for each tenant where people are users of Airflow's own; elsewhere people come by the directory.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from aerodrome import names
from aerodrome.clients.airflow import Airflow, User
from aerodrome.errors import AerodromeError, UserError
from aerodrome.local.machine import credentials as secret
from aerodrome.local.machine.difference import ROLES, not_compared, of_roles
from aerodrome.local.machine.platform import Platform
from aerodrome.local.machine.programs import run
from aerodrome.local.people.rights import LEVELS, Permission, of_levels, of_platform
from aerodrome.local.processes.topology import airflow_environment
from aerodrome.plan import Action, Change, digest_of
from aerodrome.policy.from_manifest import pools
from aerodrome.progress import Progress

ADMIN = "admin"
# What a deploy made carries these; nothing else is ever removed.
LAST_NAME = "Aerodrome"
POOL_MARK = "[aerodrome]"
# Airflow's migrations of a large database take their time.
LONGEST_SECONDS = 3600


@dataclass(frozen=True)
class Access:
    """Roles with their permissions beyond single DAGs, users with their roles, pools with slots and description."""

    roles: dict[str, frozenset[Permission]]
    users: dict[str, frozenset[str]]
    pools: dict[str, tuple[int, str]]


def desired(platform: Platform) -> Access:
    """Return the access that the tenants' folders and the environment's login ask for."""
    own = platform.environment.login.kind == "database"
    of_level = of_levels(own_passwords=own)
    roles = {names.role(tenant, level): of_level[level] for tenant in platform.tenants for level in LEVELS}
    return Access({**roles, **of_platform(own_passwords=own)}, _users(platform), _pools(platform))


def _users(platform: Platform) -> dict[str, frozenset[str]]:
    login, administrator = platform.environment.login, frozenset({"Admin"})
    users = {ADMIN: administrator}
    if login.kind == "database":
        users |= {tenant: frozenset({names.role(tenant, "editor")}) for tenant in platform.tenants}
    elif login.break_glass:
        users |= {login.break_glass: administrator}
    return users


def _pools(platform: Platform) -> dict[str, tuple[int, str]]:
    return {
        pool: (slots, f"{POOL_MARK} {model.description}".strip())
        for tenant, model in platform.tenants.items()
        for pool, slots in pools(tenant, model, platform.environment).items()
    }


def admin_access(platform: Platform) -> Airflow:
    """Return the administrator's access to the API server."""
    password = platform.credentials.find(secret.airflow_user(ADMIN))
    if not password:
        raise UserError(
            f"{password_file(platform, ADMIN)} is gone",
            f"make deploy ENV={platform.environment.name} sets a new password",
        )
    return Airflow(platform.api_url, ADMIN, password)


def password_file(platform: Platform, user: str) -> Path:
    """Return the file that holds the password of *user*."""
    return platform.layout.secrets / secret.airflow_user(user)


def differences(platform: Platform) -> tuple[Change, ...]:
    """Return which roles, users and pools Airflow lacks or holds differently; all where it never ran.

    UserError where a person's user has the name of a tenant.
    """
    wanted = desired(platform)
    live = Access({}, {}, {})
    if _has_password(platform, ADMIN):
        if not Airflow(platform.api_url).answers():
            return (not_compared(ROLES, "roles, users and pools"),)
        live = _live(platform, wanted)
    found = (
        *_compared("role", wanted.roles, live.roles),
        *_compared("user", wanted.users, live.users),
        *_compared("pool", wanted.pools, live.pools),
    )
    return tuple(replace(change, source=_source(platform, change.name)) for change in found)


def _source(platform: Platform, name: str) -> str:
    tenant = name.partition(names.SEPARATOR)[0]
    return f"tenants/{tenant}/tenant.yaml" if tenant in platform.tenants else ""


def _live(platform: Platform, wanted: Access) -> Access:
    """Return of what Airflow holds the part that is a deploy's business: wanted now, or made by an earlier one."""
    airflow = admin_access(platform)
    users = airflow.users()
    _refuse_foreign(users, wanted)
    return Access(
        {
            name: frozenset(permission for permission in found if not _of_one_dag(permission))
            for name, found in airflow.roles().items()
            if name in wanted.roles or _is_tenant_role(name)
        },
        {
            name: user.roles
            for name, user in users.items()
            if (_has_password(platform, name) if name in wanted.users else _made_by_deploy(name, user))
        },
        {
            name: pool
            for name, pool in airflow.pools().items()
            if name in wanted.pools or pool[1].startswith(POOL_MARK)
        },
    )


def _has_password(platform: Platform, user: str) -> bool:
    # A password that is lost is made anew, and Airflow must hear of it.
    return bool(platform.credentials.find(secret.airflow_user(user)))


def _of_one_dag(permission: Permission) -> bool:
    return permission[1].startswith(("DAG:", "DAG Run:"))


def _is_tenant_role(name: str) -> bool:
    tenant, separator, level = name.partition(names.SEPARATOR)
    return bool(separator) and names.is_tenant(tenant) and level in LEVELS


def _email(user: str) -> str:
    return f"{user}@localhost"


def _made_by_deploy(name: str, user: User) -> bool:
    return user.last_name == LAST_NAME and user.email == _email(name)


def _refuse_foreign(users: Mapping[str, User], wanted: Access) -> None:
    # One mark is enough here: a name or an address that somebody corrected makes nobody another person.
    foreign = [
        name
        for name, user in sorted(users.items())
        if name in wanted.users
        and name != ADMIN
        and user.last_name != LAST_NAME
        and user.email != _email(name)
    ]
    if foreign:
        raise UserError(
            f"Airflow's user '{foreign[0]}' was made by hand, and the tenant '{foreign[0]}' needs that name",
            "delete or rename the user in Airflow (Security, Users), or rename the tenant's folder",
        )


def _compared(kind: str, wanted: Mapping[str, Any], live: Mapping[str, Any]) -> list[Change]:
    actions: list[tuple[Action, str]] = [("create", name) for name in sorted(wanted.keys() - live.keys())]
    actions += [("update", name) for name in sorted(wanted) if name in live and live[name] != wanted[name]]
    actions += [("delete", name) for name in sorted(live.keys() - wanted.keys())]
    return [
        replace(_change(action, kind, name), before=_shown(live.get(name)), after=_shown(wanted.get(name)))
        for action, name in actions
    ]


def _change(action: Action, kind: str, name: str) -> Change:
    why = {"create": "not there yet", "update": "differs", "delete": "nothing names it any more"}[action]
    return of_roles(action, kind, name, why)


def _shown(value: Any) -> str:
    """Return permissions, roles of a user, or a pool's slots and description, by their digest."""
    return digest_of(sorted(value) if isinstance(value, frozenset) else value) if value is not None else ""


def apply(platform: Platform, progress: Progress) -> tuple[str, ...]:
    """Bring roles, users and pools to the desired state inside Airflow and return what changed."""
    wanted = desired(platform)
    gone = [(change.kind, change.name) for change in differences(platform) if change.action == "delete"]
    document = {
        "roles": {name: sorted(permissions) for name, permissions in wanted.roles.items()},
        "users": [_user(platform, name, roles) for name, roles in wanted.users.items()],
        "pools": wanted.pools,
        # Users go before the roles that they hold.
        "delete": sorted(gone, reverse=True),
    }
    answer = run_in_airflow(platform, ["-m", "aerodrome_airflow.roles.deployed"], json.dumps(document))
    changed = tuple(json.loads(answer.splitlines()[-1])["changed"])
    for line in changed:
        progress(line)
    return changed


def _user(platform: Platform, name: str, roles: frozenset[str]) -> dict[str, object]:
    return {
        "name": name,
        "last_name": LAST_NAME,
        "email": _email(name),
        "password": platform.credentials.get(secret.airflow_user(name)),
        "roles": sorted(roles),
    }


def run_in_airflow(platform: Platform, arguments: list[str], text: str = "") -> str:
    """Return what a Python program prints that runs as the scheduler, given *text* as its input."""
    user = platform.accounts.airflow
    done = run(
        [platform.layout.python, *arguments],
        " ".join(arguments),
        LONGEST_SECONDS,
        input=text,
        cwd=platform.layout.process_config("scheduler"),
        env=airflow_environment(platform, "scheduler"),
        user=user,
        group=user,
        extra_groups=[] if user else None,
        umask=0o027,
    )
    if done.returncode:
        raise AerodromeError(f"{' '.join(arguments)} failed:\n{(done.stderr or done.stdout).strip()[-3000:]}")
    return done.stdout
