"""Who may do what in Airflow as a target: roles, users that a deploy makes, pools."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from aerodrome import names
from aerodrome.clients.airflow import Airflow, User
from aerodrome.environment import Environment
from aerodrome.errors import UserError
from aerodrome.plan import Action, Change, digest_of, not_observable
from aerodrome.progress import Progress
from aerodrome.render.rights import Permission
from aerodrome.render.roles import ADMIN, POOL_MARK, Access, Tenants, desired, is_tenant_role

TARGET = "roles"
# What a deploy made carries it; nothing else is ever removed.
LAST_NAME = "Aerodrome"


class Desk(Protocol):
    """An Airflow, and the passwords of the users that deploys make in it."""

    def administrator(self) -> Airflow | None:
        """Return the administrator's access; None where Airflow does not answer."""

    def has_password(self, user: str) -> bool:
        """Return whether *user* was given a password by a deploy that is still known."""

    def password(self, user: str) -> str:
        """Return the password of *user*, made where there is none."""

    def write(self, document: str) -> tuple[str, ...]:
        """Hand *document* to `aerodrome_airflow.roles.deployed` inside Airflow and return what it changed."""


@dataclass(frozen=True)
class RolesTarget:
    """Keeps roles, users and pools as the tenants' folders and the environment's login ask for."""

    environment: Environment
    tenants: Tenants
    desk: Desk
    name: str = TARGET

    def desired(self) -> Access:
        """Return what Airflow should hold."""
        return desired(self.environment, self.tenants)

    def changes(self) -> tuple[Change, ...]:
        """Return what Airflow lacks or holds differently; all where it never ran.

        UserError where a person's user has the name of a tenant.
        """
        wanted, live = self.desired(), Access({}, {}, {})
        # A password that is lost is made anew, and Airflow must hear of it.
        if self.desk.has_password(ADMIN):
            if (airflow := self.desk.administrator()) is None:
                why = "it does not run: compared once it does"
                return (not_observable(TARGET, "roles, users and pools", why),)
            live = self._live(airflow, wanted)
        found = (
            *_compared("role", wanted.roles, live.roles),
            *_compared("user", wanted.users, live.users),
            *_compared("pool", wanted.pools, live.pools),
        )
        return tuple(self._placed(change, live) for change in found)

    def apply(self, changes: Sequence[Change], progress: Progress) -> None:
        """Bring roles, users and pools to the desired state."""
        self.bring(progress)

    def bring(self, progress: Progress) -> tuple[str, ...]:
        """Bring roles, users and pools to the desired state inside Airflow and return what changed."""
        wanted = self.desired()
        gone = [(change.kind, change.name) for change in self.changes() if change.action == "delete"]
        document = {
            "roles": {name: sorted(permissions) for name, permissions in wanted.roles.items()},
            "users": [self._user(name, roles) for name, roles in wanted.users.items()],
            "pools": wanted.pools,
            # Users go before the roles that they hold.
            "delete": sorted(gone, reverse=True),
        }
        changed = self.desk.write(json.dumps(document))
        for line in changed:
            progress(line)
        return changed

    def _placed(self, change: Change, live: Access) -> Change:
        """Return *change* with the file that asks for it, or the tenant that is gone."""
        tenant = change.name.partition(names.SEPARATOR)[0]
        if tenant in self.tenants:
            return replace(change, source=f"tenants/{tenant}/tenant.yaml")
        # A user may also be one whom nobody needs any more, and who was no tenant's.
        own = change.kind != "user" or any(map(is_tenant_role, live.users.get(tenant, ())))
        return replace(change, owner=tenant) if change.action == "delete" and own else change

    def _live(self, airflow: Airflow, wanted: Access) -> Access:
        """Return of what Airflow holds the part that is a deploy's business: wanted now, or made by an earlier one."""
        users = airflow.users()
        _refuse_foreign(users, wanted)
        roles = {
            name: frozenset(permission for permission in found if not _of_one_dag(permission))
            for name, found in airflow.roles().items()
            if name in wanted.roles or is_tenant_role(name)
        }
        pools = {
            name: pool
            for name, pool in airflow.pools().items()
            if name in wanted.pools or pool[1].startswith(POOL_MARK)
        }
        return Access(roles, self._made_by_deploys(users, wanted), pools)

    def _made_by_deploys(self, users: Mapping[str, User], wanted: Access) -> dict[str, frozenset[str]]:
        return {
            name: user.roles
            for name, user in users.items()
            if (self.desk.has_password(name) if name in wanted.users else _made_by_deploy(name, user))
        }

    def _user(self, name: str, roles: frozenset[str]) -> dict[str, object]:
        return {
            "name": name,
            "last_name": LAST_NAME,
            "email": _email(name),
            "password": self.desk.password(name),
            "roles": sorted(roles),
        }


def _of_one_dag(permission: Permission) -> bool:
    return permission[1].startswith(("DAG:", "DAG Run:"))


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
    return Change(TARGET, action, f"{kind} {name}", why, "access", kind=kind, name=name)


def _shown(value: Any) -> str:
    """Return permissions, roles of a user, or a pool's slots and description, by their digest."""
    return digest_of(sorted(value) if isinstance(value, frozenset) else value) if value is not None else ""
