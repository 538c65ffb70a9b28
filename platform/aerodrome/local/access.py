"""Who may do what in Airflow: roles and an example user for each tenant, the first administrator, pools."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from typing import Any

from aerodrome import names
from aerodrome.clients.airflow import Airflow
from aerodrome.errors import AerodromeError
from aerodrome.local import credentials as secret
from aerodrome.local.difference import Action, Difference, Progress
from aerodrome.local.platform import Platform
from aerodrome.local.topology import airflow_environment

ADMIN = "admin"
LEVELS = ("viewer", "editor", "admin")
Permission = tuple[str, str]

# What a level may do beyond single DAGs; which DAGs it sees is said by each DAG itself. No import errors,
# audit log, pools, assets, connections or variables: Airflow shows those of all tenants.
_READ = (
    "DAG Runs",
    "Task Instances",
    "Task Logs",
    "XComs",
    "DAG Code",
    "DAG Versions",
    "DAG Warnings",
    "Website",
    "HITL Detail",
)
_VIEWER: frozenset[Permission] = frozenset(
    {("can_read", resource) for resource in _READ}
    | {("menu_access", "DAGs"), ("menu_access", "Docs"), ("menu_access", "Documentation")}
    | {(f"can_{verb}", f"My {what}") for verb in ("read", "edit") for what in ("Profile", "Password")}
)
_EDITOR = _VIEWER | {
    ("can_create", "DAG Runs"),
    ("can_edit", "DAG Runs"),
    ("can_create", "Task Instances"),
    ("can_edit", "Task Instances"),
    ("can_edit", "HITL Detail"),
}
_ADMIN = _EDITOR | {("can_delete", "DAG Runs"), ("can_delete", "Task Instances")}
PERMISSIONS = {"viewer": _VIEWER, "editor": _EDITOR, "admin": _ADMIN}


@dataclass(frozen=True)
class Access:
    """Roles with their permissions beyond single DAGs, users with their roles, pools with slots and description."""

    roles: dict[str, frozenset[Permission]]
    users: dict[str, frozenset[str]]
    pools: dict[str, tuple[int, str]]


def desired(platform: Platform) -> Access:
    """Return the access that the tenants' folders ask for."""
    roles = {names.role(tenant, level): PERMISSIONS[level] for tenant in platform.tenants for level in LEVELS}
    users = {tenant: frozenset({names.role(tenant, "editor")}) for tenant in platform.tenants}
    return Access(roles, {ADMIN: frozenset({"Admin"}), **users}, _pools(platform))


def _pools(platform: Platform) -> dict[str, tuple[int, str]]:
    pools: dict[str, tuple[int, str]] = {}
    for tenant, model in platform.tenants.items():
        own = max(1, model.limits.parallelism - sum(model.pools.values()))
        slots = {names.pool(tenant): own} | {names.pool(tenant, name): n for name, n in model.pools.items()}
        pools |= {name: (number, model.description) for name, number in slots.items()}
    return pools


def admin_access(platform: Platform) -> Airflow:
    """Return the administrator's access to the API server."""
    return Airflow(platform.api_url, ADMIN, platform.credentials.get(secret.airflow_user(ADMIN)))


def login(platform: Platform, user: str) -> tuple[str, str]:
    """Return the file that holds the password of *user* and the password."""
    name = secret.airflow_user(user)
    return str(platform.layout.secrets / name), platform.credentials.get(name)


def differences(platform: Platform) -> tuple[Difference, ...]:
    """Return which roles, users and pools Airflow lacks or holds differently; all where it does not run."""
    live = _live(platform)
    wanted = desired(platform)
    return (
        *_compared(
            "role",
            wanted.roles,
            {n: p for n, p in live.roles.items() if n in wanted.roles or _is_tenant_role(n)},
        ),
        *_compared(
            "user", wanted.users, {n: r for n, r in live.users.items() if n in wanted.users or _is_example(r)}
        ),
        *_compared("pool", wanted.pools, {n: s for n, s in live.pools.items() if n != "default_pool"}),
    )


def _live(platform: Platform) -> Access:
    if (
        not Airflow(platform.api_url).answers()
        or platform.credentials.find(secret.airflow_user(ADMIN)) is None
    ):
        return Access({}, {}, {})
    airflow = admin_access(platform)
    roles = {
        name: frozenset(p for p in found if not _of_one_dag(p)) for name, found in airflow.roles().items()
    }
    return Access(roles, airflow.users(), airflow.pools())


def _of_one_dag(permission: Permission) -> bool:
    return permission[1].startswith(("DAG:", "DAG Run:"))


def _is_tenant_role(name: str) -> bool:
    tenant, separator, level = name.partition(names.SEPARATOR)
    return bool(separator) and names.is_tenant(tenant) and level in LEVELS


def _is_example(roles: frozenset[str]) -> bool:
    return bool(roles) and all(_is_tenant_role(role) for role in roles)


def _compared(kind: str, wanted: dict[str, Any], live: dict[str, Any]) -> list[Difference]:
    found = [_difference("create", kind, name) for name in sorted(wanted.keys() - live.keys())]
    found += [
        _difference("update", kind, name)
        for name in sorted(wanted)
        if name in live and live[name] != wanted[name]
    ]
    return found + [_difference("delete", kind, name) for name in sorted(live.keys() - wanted.keys())]


def _difference(action: Action, kind: str, name: str) -> Difference:
    why = {"create": "not there yet", "update": "differs", "delete": "its tenant is gone"}[action]
    return Difference(action, f"{kind} {name}", why)


def apply(platform: Platform, progress: Progress) -> tuple[str, ...]:
    """Bring roles, users and pools to the desired state inside Airflow and return what changed."""
    wanted = desired(platform)
    document = {
        "roles": {name: sorted(permissions) for name, permissions in wanted.roles.items()},
        "users": [
            {"name": name, "password": login(platform, name)[1], "roles": sorted(roles)}
            for name, roles in wanted.users.items()
        ],
        "pools": wanted.pools,
        # Users go before the roles that they hold.
        "delete": sorted(
            (d.what.split(" ", 1) for d in differences(platform) if d.action == "delete"), reverse=True
        ),
    }
    answer = run_in_airflow(platform, ["-m", "aerodrome_airflow.roles"], json.dumps(document))
    changed = tuple(json.loads(answer.splitlines()[-1])["changed"])
    for line in changed:
        progress(line)
    return changed


def run_in_airflow(platform: Platform, arguments: list[str], text: str = "") -> str:
    """Return what a Python program prints that runs as the scheduler, given *text* as its input."""
    user = platform.accounts.airflow
    done = subprocess.run(
        [str(platform.layout.python), *arguments],
        input=text,
        capture_output=True,
        text=True,
        check=False,
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
