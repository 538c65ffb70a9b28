"""What each role may do in Airflow beyond single DAGs, as FAB's pairs of action and resource.

No connections or variables in tenants' roles: theirs are in the secrets store.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

Permission = tuple[str, str]
LEVELS = ("viewer", "editor", "admin")
PLATFORM_ROLES = ("platform", "security", "auditor")

# Which DAGs a level sees is said by each DAG itself, and of all else the auth manager shows the tenant's own.
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
    "Asset Aliases",
    "Assets",
    "Audit Logs",
    "DAG Dependencies",
    "ImportError",
    "Pools",
)
_MENUS = ("DAGs", "Docs", "Documentation", "Assets", "Audit Logs", "Pools", "HITL Detail")
# Of the whole platform: all that there is to see. Passwords of connections are not among it: no page shows them.
_READ_ALL = (
    *_READ,
    "DAGs",
    "Backfills",
    "Cluster Activity",
    "Configurations",
    "Connections",
    "Jobs",
    "Plugins",
    "Providers",
    "Task Reschedules",
    "Triggers",
    "Variables",
    "Users",
    "Roles",
)
_MENUS_ALL = (
    *_MENUS,
    "Admin",
    "Browse",
    "Cluster Activity",
    "Configurations",
    "Connections",
    "DAG Dependencies",
    "DAG Runs",
    "Jobs",
    "Plugins",
    "Providers",
    "Task Instances",
    "Task Reschedules",
    "Triggers",
    "Variables",
    "XComs",
    "Security",
    "List Users",
    "List Roles",
)
# A connection or variable made here would be nobody's: only security staff write them, into the secrets store.
_OPERATED = ("DAGs", "DAG Runs", "Task Instances", "Backfills", "Assets", "Pools", "XComs")
_OWN_PROFILE = frozenset({("can_read", "My Profile")})
_OWN_LOGIN = frozenset({("can_edit", "My Profile"), ("can_read", "My Password"), ("can_edit", "My Password")})


def _pairs(action: str, resources: Iterable[str]) -> frozenset[Permission]:
    return frozenset((action, resource) for resource in resources)


_VIEWER = _pairs("can_read", _READ) | _pairs("menu_access", _MENUS) | _OWN_PROFILE
_EDITOR = _VIEWER | {
    ("can_create", "DAG Runs"),
    ("can_edit", "DAG Runs"),
    ("can_create", "Task Instances"),
    ("can_edit", "Task Instances"),
    ("can_edit", "HITL Detail"),
}
_ADMIN = _EDITOR | {("can_delete", "DAG Runs"), ("can_delete", "Task Instances")}
_AUDITOR = _pairs("can_read", _READ_ALL) | _pairs("menu_access", _MENUS_ALL) | _OWN_PROFILE
_PLATFORM = (
    _AUDITOR
    | {(f"can_{verb}", resource) for verb in ("create", "edit", "delete") for resource in _OPERATED}
    | {("can_edit", "HITL Detail")}
)
_OF_LEVEL = {"viewer": _VIEWER, "editor": _EDITOR, "admin": _ADMIN}
_OF_PLATFORM = {"platform": _PLATFORM, "security": _AUDITOR, "auditor": _AUDITOR}


def of_levels(*, own_passwords: bool) -> Mapping[str, frozenset[Permission]]:
    """Return the rights of each level of a tenant's role; *own_passwords*: people change theirs in Airflow."""
    return _with_own(_OF_LEVEL, own_passwords)


def of_platform(*, own_passwords: bool) -> Mapping[str, frozenset[Permission]]:
    """Return the rights of each role of the whole platform."""
    return _with_own(_OF_PLATFORM, own_passwords)


def _with_own(
    rights: Mapping[str, frozenset[Permission]], own_passwords: bool
) -> dict[str, frozenset[Permission]]:
    # A person whose password is another system's must not get one here: it would look like a user of its own.
    more = _OWN_LOGIN if own_passwords else frozenset()
    return {name: held | more for name, held in rights.items()}
