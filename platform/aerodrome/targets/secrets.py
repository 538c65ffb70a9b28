"""Vault or OpenBao as a target: who may read what. The values in it are nobody's desired state."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from aerodrome import names
from aerodrome.clients.vault import Vault
from aerodrome.environment import Environment
from aerodrome.names import SECRETS_MOUNT, host_role
from aerodrome.plan import Change
from aerodrome.progress import Progress
from aerodrome.secrets import layout, logins, reconcile, usable
from aerodrome.secrets.live import LiveLayout
from aerodrome.secrets.usable import Tenants
from aerodrome.targets.part import Part, Restore

ENGINE, METHOD = "secrets engine", "login method"
APPROLE = "approle"


@dataclass(frozen=True)
class VaultTarget:
    """Keeps policies, token roles and logins of one environment as environment.yaml and the tenants' folders say.

    *hosts* are those that were let in, or tells at each look who they are: others may let one in meanwhile. What else
    they log in with is theirs. Of what differs it tells and changes its *part* alone. The login method of pods is there
    already: which cluster it trusts is not for a deploy to say.
    """

    environment: Environment
    tenants: Tenants
    vault: Vault
    logins: logins.Logins = field(default_factory=dict, repr=False)
    name: str = reconcile.TARGET
    hosts: layout.Hosts | Callable[[], layout.Hosts] = field(default_factory=dict)
    part: Part = Part.ALL

    def changes(self) -> tuple[Change, ...]:
        """Return what differs now, drift included."""
        base = tuple(self._base(self.vault.mounts(), self.vault.auth_methods()))
        objects = reconcile.differences(self._wanted(), self._live().read())
        ids = logins.differences(self.vault, self.logins)
        own = logins.host_differences(self.vault, self._host_roles())
        return self._placed([each for each in (*base, *objects, *ids, *own) if self.part.has(each)])

    def all_changes(self) -> tuple[Change, ...]:
        """Return what a server that holds nothing yet would need."""
        created = reconcile.differences(self._wanted(), layout.Layout())
        return self._placed((*self._base(frozenset(), frozenset()), *created))

    def _placed(self, changes: Sequence[Change]) -> tuple[Change, ...]:
        """Return *changes* with the files that ask for them: a tenant's, where it is about one's rights.

        What is taken from a tenant that is gone has that as its owner.
        """
        sources = {
            names.tenant_policy(self.environment.name, zone, tenant): f"tenants/{tenant}/tenant.yaml"
            for zone in usable.zones(self.environment)
            for tenant in usable.tenants_of(self.environment, zone, self.tenants)
        }
        return tuple(
            replace(each, source=sources.get(each.name, ""), owner=self._owner(each)) for each in changes
        )

    def _owner(self, change: Change) -> str:
        tenant = names.tenant_of_policy(self.environment.name, change.name) or ""
        return tenant if change.action == "delete" and tenant not in self.tenants else ""

    def apply(self, changes: Sequence[Change], progress: Progress) -> None:
        """Bring the server to the desired state."""
        if self.part is not Part.REMOVALS:
            self._make_base(progress)
        wanted, live = self._wanted(), self._live()
        differing = [each for each in reconcile.differences(wanted, live.read()) if self.part.has(each)]
        reconcile.apply(differing, wanted, live, progress)
        if self.part is not Part.REMOVALS:
            logins.apply(self.vault, self.logins, progress)
            logins.apply_hosts(self.vault, self._host_roles(), progress)

    def remember(self) -> Restore:
        """Return what brings policies and roles back to what they are now."""
        return partial(reconcile.restore, self._live().read(), self._live())

    def _make_base(self, progress: Progress) -> None:
        for each in self._base(self.vault.mounts(), self.vault.auth_methods()):
            progress(f"{each.action} {each.what}")
            self._enable(each)

    def _host_roles(self) -> tuple[str, ...]:
        return tuple(host_role(self.environment.name, host) for host in sorted(self._hosts()))

    def _hosts(self) -> layout.Hosts:
        return self.hosts() if callable(self.hosts) else self.hosts

    def _wanted(self) -> layout.Layout:
        return layout.desired(self.environment, self.tenants, self._hosts())

    def _live(self) -> LiveLayout:
        return LiveLayout(self.vault, self.environment)

    def _base(self, mounts: frozenset[str], methods: frozenset[str]) -> Iterator[Change]:
        if SECRETS_MOUNT not in mounts:
            yield reconcile.change("create", ENGINE, SECRETS_MOUNT, "not there yet")
        if APPROLE not in methods:
            yield reconcile.change("create", METHOD, APPROLE, "not there yet")

    def _enable(self, change: Change) -> None:
        if change.kind == ENGINE:
            self.vault.enable_kv(change.name)
        else:
            self.vault.enable_login(change.name)
