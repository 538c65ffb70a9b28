"""Connections of AWS that name a role in place of a key: whether a task could make anything of one."""

from __future__ import annotations

from typing import Any

from aerodrome.environment import Environment
from aerodrome.errors import UserError
from aerodrome.render.pods_roles import role_of_pods
from aerodrome.secrets.connection_types import EXTRA
from aerodrome.secrets.entry import Entry
from aerodrome.secrets.values import Value

_WITH_A_KEY = "give an access key"


def require_usable(found: Entry, value: Value) -> None:
    """Raise UserError where *value* is a connection whose role nobody would be for a task of its tenant."""
    role = _named(value)
    if not role:
        return
    if found.model is None:
        raise UserError("a role is one tenant's, and this connection is everybody's", _WITH_A_KEY)
    if found.environment.secrets.ssm is not None:
        _require_listed(found, role)
    elif not _acts_in_aws(found):
        store = found.environment.secrets.store
        said = f"with secrets: {{store: {store}}} nobody assumes a role for a task of {found.tenant}"
        raise UserError(said, f"{_WITH_A_KEY}; with store: ssm a task is lent keys of the role")


def _named(value: Value) -> str:
    extra: Any = value.get(EXTRA)
    if value.get("conn_type") != "aws" or value.get("login") or not isinstance(extra, dict):
        return ""
    return str(extra.get("role_arn") or "")


def _require_listed(found: Entry, role: str) -> None:
    ssm = found.environment.secrets.ssm
    listed = ssm.connection_roles.get(found.tenant, ()) if ssm else ()
    if role not in listed:
        file = f"environments/{found.environment.name}/environment.yaml"
        # What was typed is not shown; what stands in a file may be.
        known = f"it lists {', '.join(listed)}" if listed else f"it lists none for {found.tenant}"
        raise UserError(
            f"{file} does not list this role under secrets.ssm.connection_roles.{found.tenant}",
            f"{known}: add it there and deploy, or {_WITH_A_KEY}",
        )


def _acts_in_aws(found: Entry) -> bool:
    """Return whether the tenant's code is a role of AWS already, which may go on as another one."""
    environment = found.environment
    zones = {environment.queues[queue].zone for queue in found.queues()}
    return any(_role_there(environment, found.tenant, zone) for zone in zones)


def _role_there(environment: Environment, tenant: str, zone: str) -> bool:
    return environment.in_cluster(zone) and role_of_pods(environment, tenant, zone) is not None
