"""AWS IAM as a target: roles by which workers reach parameters and large results, pods send logs, and code all else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from aerodrome import names
from aerodrome.clients.aws import BoundRoles, Role, Roles
from aerodrome.clients.aws_session import session
from aerodrome.environment import Environment
from aerodrome.plan import Action, Change, digest_of
from aerodrome.progress import Progress
from aerodrome.render import pods_logs
from aerodrome.render.pods_roles import eks_of
from aerodrome.secrets import iam, logs_iam, pods_iam, reconcile, results_iam
from aerodrome.secrets.usable import Tenants
from aerodrome.targets.part import Part, Restore

KIND = "IAM role"
RESULTS = "results"
PODS = "iam"
LOGS = "logs"
_ACCOUNT = "system:serviceaccount:"
Desired = Callable[[Environment, Tenants], Mapping[str, Role]]


def roles_of(environment: Environment) -> Roles:
    """Return the access to the IAM roles of *environment*, with the rights of who runs this program."""
    settings = environment.secrets.ssm
    if settings is None:
        raise ValueError(f"{environment.name} keeps no secrets in AWS")
    path, who = names.iam_path(environment.name), session(environment.cluster.eks)
    return Roles(path, iam.POLICY, settings.region, settings.endpoint, who)


def results_target(environment: Environment, tenants: Tenants) -> IamTarget:
    """Return what keeps the roles for large results, with the rights of who runs this program."""
    s3 = results_iam.bucket_of(environment)
    path, who = names.results_path(environment.name), session(environment.cluster.eks)
    roles = Roles(path, iam.POLICY, s3.region, s3.endpoint, who)
    return IamTarget(environment, tenants, roles, RESULTS, results_iam.desired)


def pods_target(environment: Environment, tenants: Tenants) -> IamTarget:
    """Return what keeps the roles as which tenants' code acts; only where the environment says `manage_iam`."""
    eks = eks_of(environment)
    roles = BoundRoles(names.pods_path(environment.name), iam.POLICY, eks.region, session=session(eks))
    return IamTarget(environment, tenants, roles, PODS, pods_iam.desired)


def logs_target(environment: Environment, tenants: Tenants) -> IamTarget:
    """Return what keeps the roles for task logs of pods, and removes them where these go nowhere any more.

    Only where the environment says `manage_iam`.
    """
    s3, eks = pods_logs.bucket_of(environment), eks_of(environment)
    place = (s3.region, s3.endpoint) if s3 else (eks.region, None)
    roles = Roles(names.logs_path(environment.name), iam.POLICY, *place, session(eks))
    return IamTarget(environment, tenants, roles, LOGS, logs_iam.desired)


@dataclass(frozen=True)
class IamTarget:
    """Keeps the IAM roles of tenants: who may assume each, and what it reaches; tells and changes its *part* alone."""

    environment: Environment
    tenants: Tenants
    roles: Roles
    name: str = reconcile.TARGET
    desired: Desired = iam.desired
    part: Part = Part.ALL

    def changes(self) -> tuple[Change, ...]:
        """Return what differs now, drift included; roles at another path are nobody's business here."""
        wanted, live = self.desired(self.environment, self.tenants), self.roles.read()
        gone = [
            self._change("delete", name, "no tenant needs it") for name in sorted(live.keys() - wanted.keys())
        ]
        return tuple(
            replace(each, before=_shown(live.get(each.name)), after=_shown(wanted.get(each.name)))
            for each in (*gone, *self._wrong(wanted, live))
            if self.part.has(each)
        )

    def all_changes(self) -> tuple[Change, ...]:
        """Return what an account that holds no role yet would need; asks nobody."""
        wanted = self.desired(self.environment, self.tenants)
        return tuple(
            replace(self._change("create", name, "not there yet"), after=_shown(role))
            for name, role in wanted.items()
        )

    def apply(self, changes: Sequence[Change], progress: Progress) -> None:
        """Bring the roles to the desired state."""
        wanted = self.desired(self.environment, self.tenants)
        for each in self.changes():
            progress(f"{each.action} {each.what}")
            if each.action == "delete":
                self.roles.delete(each.name)
            else:
                self.roles.put(each.name, wanted[each.name])

    def remember(self) -> Restore:
        """Return what brings the roles back to what they are now."""
        before = self.roles.read()

        def restore(progress: Progress) -> None:
            live = self.roles.read()
            for name in sorted(live.keys() - before.keys()):
                progress(f"delete {KIND} {name}")
                self.roles.delete(name)
            for name, role in before.items():
                if live.get(name) != role:
                    progress(f"restore {KIND} {name}")
                    self.roles.put(name, role)

        return restore

    def _wrong(self, wanted: Mapping[str, Role], live: Mapping[str, Role]) -> Iterator[Change]:
        for name, role in wanted.items():
            if name not in live:
                yield self._change("create", name, "not there yet")
            elif why := "; ".join(self._differences(name, role, live[name])):
                yield self._change("update", name, why)

    def _differences(self, name: str, wanted: Role, live: Role) -> Iterator[str]:
        if wanted.trust != live.trust:
            yield _told("may be assumed by", _principals(wanted.trust), _principals(live.trust))
        if wanted.policy != live.policy:
            yield from _rights(wanted.policy, live.policy)
        if wanted.managed != live.managed:
            yield _told("has the managed policy", wanted.managed, live.managed)
        if wanted.boundary != live.boundary:
            yield f"its boundary is {live.boundary or 'not set'}, not {wanted.boundary or 'none'}"
        yield from (f"has the policy {extra}, which no deploy gave it" for extra in self.roles.extras(name))

    def _change(self, action: Action, name: str, why: str) -> Change:
        tenant = names.tenant_of_iam_role(name) or ""
        owner = tenant if action == "delete" and tenant not in self.tenants else ""
        return replace(reconcile.change(action, KIND, name, why), target=self.name, owner=owner)


def _shown(role: Role | None) -> str:
    if role is None:
        return ""
    return digest_of([role.trust, role.policy, sorted(role.managed), role.boundary])


def _rights(wanted: Mapping[str, Any], live: Mapping[str, Any]) -> list[str]:
    """Return what two policies that are not the same allow differently."""
    sides = (("reaches", _resources), ("may do", _actions))
    told = [_told(what, of(wanted), of(live)) for what, of in sides if of(wanted) != of(live)]
    return told or ["has its rights under other conditions"]


def _told(what: str, wanted: frozenset[str], live: frozenset[str]) -> str:
    parts = [f"{what} {each}, which it should not" for each in sorted(live - wanted)]
    parts += [f"lacks: {what} {each}" for each in sorted(wanted - live)]
    return reconcile.listed(parts) or f"{what} the same under other conditions"


def _principals(document: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(each for one in _statements(document) for each in _who(one))


def _who(statement: Mapping[str, Any]) -> Iterator[str]:
    named = statement.get("Principal", {})
    yield from map(str, _all(named, "AWS"))
    for provider in _all(named, "Federated") if isinstance(named, Mapping) else ():
        subjects = [each for each in _conditions(statement) if each.startswith(_ACCOUNT)]
        yield from subjects or [f"everybody whom {provider} knows"]


def _conditions(statement: Mapping[str, Any]) -> Iterator[str]:
    for wanted in statement.get("Condition", {}).values():
        for key in wanted:
            yield from map(str, _all(wanted, key))


def _resources(document: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(str(each) for one in _statements(document) for each in _all(one, "Resource"))


def _actions(document: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(str(each) for one in _statements(document) for each in _all(one, "Action"))


def _statements(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    # What somebody else wrote may be one statement without a list, and one text in the place of a list.
    found = document.get("Statement", [])
    return found if isinstance(found, list) else [found]


def _all(holder: Any, key: str) -> list[Any]:
    found = holder.get(key, []) if isinstance(holder, Mapping) else holder
    return found if isinstance(found, list) else [found]
