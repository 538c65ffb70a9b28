"""AWS IAM as a target: the role of each tenant, by which the workers read its parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aerodrome import names
from aerodrome.clients.aws import Role, Roles
from aerodrome.environment import Environment
from aerodrome.plan import Change
from aerodrome.progress import Progress
from aerodrome.secrets import iam, reconcile
from aerodrome.secrets.usable import Tenants

KIND = "IAM role"


def roles_of(environment: Environment) -> Roles:
    """Return the access to the IAM roles of *environment*, with the rights of who runs this program."""
    settings = environment.secrets.ssm
    if settings is None:
        raise ValueError(f"{environment.name} keeps no secrets in AWS")
    return Roles(names.iam_path(environment.name), iam.POLICY, settings.region, settings.endpoint)


@dataclass(frozen=True)
class IamTarget:
    """Keeps one IAM role for each tenant: who may assume it, and which parameters it reads."""

    environment: Environment
    tenants: Tenants
    roles: Roles
    name: str = reconcile.TARGET

    def changes(self) -> tuple[Change, ...]:
        """Return what differs now, drift included; roles at another path are nobody's business here."""
        wanted, live = iam.desired(self.environment, self.tenants), self.roles.read()
        gone = [
            reconcile.change("delete", KIND, name, "no tenant needs it")
            for name in sorted(live.keys() - wanted.keys())
        ]
        return (*gone, *self._wrong(wanted, live))

    def all_changes(self) -> tuple[Change, ...]:
        """Return what an account that holds no role yet would need; asks nobody."""
        wanted = iam.desired(self.environment, self.tenants)
        return tuple(reconcile.change("create", KIND, name, "not there yet") for name in wanted)

    def apply(self, changes: Sequence[Change], progress: Progress) -> None:
        """Bring the roles to the desired state."""
        wanted = iam.desired(self.environment, self.tenants)
        for each in self.changes():
            progress(f"{each.action} {each.what}")
            if each.action == "delete":
                self.roles.delete(each.name)
            else:
                self.roles.put(each.name, wanted[each.name])

    def _wrong(self, wanted: Mapping[str, Role], live: Mapping[str, Role]) -> Iterator[Change]:
        for name, role in wanted.items():
            if name not in live:
                yield reconcile.change("create", KIND, name, "not there yet")
            elif why := "; ".join(self._differences(name, role, live[name])):
                yield reconcile.change("update", KIND, name, why)

    def _differences(self, name: str, wanted: Role, live: Role) -> Iterator[str]:
        if wanted.trust != live.trust:
            yield _told("may be assumed by", _principals(wanted.trust), _principals(live.trust))
        if wanted.policy != live.policy:
            yield _told("reads", _resources(wanted.policy), _resources(live.policy))
        yield from (f"has the policy {extra}, which no deploy gave it" for extra in self.roles.extras(name))


def _told(what: str, wanted: frozenset[str], live: frozenset[str]) -> str:
    parts = [f"{what} {each}, which it should not" for each in sorted(live - wanted)]
    parts += [f"lacks: {what} {each}" for each in sorted(wanted - live)]
    return reconcile.listed(parts) or f"{what} the same under other conditions"


def _principals(document: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(
        str(each) for one in _statements(document) for each in _all(one.get("Principal", {}), "AWS")
    )


def _resources(document: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(str(each) for one in _statements(document) for each in _all(one, "Resource"))


def _statements(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    # What somebody else wrote may be one statement without a list, and one text in the place of a list.
    found = document.get("Statement", [])
    return found if isinstance(found, list) else [found]


def _all(holder: Any, key: str) -> list[Any]:
    found = holder.get(key, []) if isinstance(holder, Mapping) else holder
    return found if isinstance(found, list) else [found]
