"""The access of hosts to ENV=local, for the commands of operations: credentials given one by one, revoked at once."""

from __future__ import annotations

import fcntl
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from secrets import token_urlsafe

from aerodrome import names
from aerodrome.errors import UserError, did_you_mean
from aerodrome.hosts.credentials import LOGIN_SECONDS, HostCredentials, Standing
from aerodrome.hosts.grant import Grant
from aerodrome.hosts.inventory import Host, load_inventory
from aerodrome.local.machine import credentials as secret
from aerodrome.local.machine import host_grants
from aerodrome.local.machine.platform import Platform
from aerodrome.local.processes.readiness import broker_access
from aerodrome.local.release import host_logins, host_standing
from aerodrome.local.release.preparation import deployed_platform
from aerodrome.local.stores import broker, entrance_tls

_UNSEEN = ""


@dataclass(frozen=True)
class LocalHostAccess:
    """The access of hosts to the platform *environment* of the clone *root*, as it was deployed last.

    Within a deploy that is the *deployed* one: what is remembered is the one before.
    """

    root: Path
    environment: str
    deployed: Platform | None = None
    _removals: dict[str, str | None] = field(default_factory=dict, repr=False, compare=False)
    _before: dict[str, Grant] = field(default_factory=dict, repr=False, compare=False)

    def authority(self) -> str:
        """Return the certificate of the authority that hosts trust, as PEM."""
        return entrance_tls.authority(self._platform)

    def standing(self, hosts: Sequence[str]) -> dict[str, Standing]:
        """Return host → how its logins stand; changes nothing."""
        looked = replace(self._platform, looked_at=True)
        for name in hosts:
            self._removals.setdefault(name, self._removal(name))
        return host_standing.of_hosts(looked, [self._known(name) for name in hosts])

    def mark(self, text: str) -> str:
        """Return what tells *text* from another one, to who has the platform's key alone."""
        return host_standing.mark(replace(self._platform, looked_at=True), text)

    def credentials(
        self,
        hosts: Sequence[str],
        new_logins: Collection[str] = (),
        seconds: int = LOGIN_SECONDS,
        *,
        only_look: bool = False,
    ) -> dict[str, HostCredentials]:
        """Let *hosts* in for the queues of now, and return host → what it is given; nothing is restarted.

        Those of *new_logins* lose every secret id that they had and get another one, to be unwrapped within *seconds*.
        With *only_look* nobody is let in, and what is returned is of no use. UserError where somebody removed one since
        its standing was looked at.
        """
        wanted = [self._known(name) for name in hosts]
        if only_look:
            looked = replace(self._platform, looked_at=True)
            return {host.name: _given(looked, host.name, "") for host in wanted}
        with _alone(self._platform):
            self._require_not_removed(hosts)
            self._platform.credentials.get(secret.HOST_MARKS)
            self._before.update(
                {host.name: host_grants.of(self._platform.credentials, host) for host in wanted}
            )
            host_logins.let_in(self._platform, wanted)
            return {
                host.name: _given(
                    self._platform, host.name, self._new_login(host, seconds, host.name in new_logins)
                )
                for host in wanted
            }

    def step_back(self, hosts: Sequence[str]) -> None:
        """Give *hosts*, which could not be set up, also the rights that they had before their last credentials."""
        with _alone(self._platform):
            for host in map(self._known, hosts):
                host_logins.step_back(self._platform, host, self._before[host.name])

    def restore(self, hosts: Sequence[str]) -> tuple[str, ...]:
        """Give *hosts* back the users of the broker that they were let in with; return those who had none such."""
        if not broker_access(self._platform).answers():
            return ()
        with _alone(self._platform):
            known = [host for host in self._platform.at_broker if host.name in hosts]
            found = host_logins.restore(self._platform, known)
        return tuple(f"the broker knows {user} again as it was" for user in found)

    def shut(self, hosts: Sequence[str]) -> None:
        """Keep *hosts* away from the broker until they are set up."""
        with _alone(self._platform):
            for name in hosts:
                host_logins.shut(self._platform, self._known(name))

    def revoke(self, host: str) -> tuple[str, ...]:
        """Shut *host* out at once, and return what was done, a sentence each; nothing where it was not in.

        The inventory need not name it, and is not read.
        """
        platform = self._known_platform()
        if not platform.layout.config.is_dir():
            return ()
        with _alone(platform):
            return host_logins.revoke(platform, host)

    @cached_property
    def _platform(self) -> Platform:
        """The deployed platform with the hosts of today's inventory."""
        platform = self._known_platform()
        _require_entrance(platform)
        inventory = load_inventory(self.root, platform.environment)
        return replace(platform, hosts=inventory.hosts)

    def _known_platform(self) -> Platform:
        found = self.deployed or deployed_platform(self.root, self.environment)
        return replace(found, looked_at=False)

    def _known(self, name: str) -> Host:
        known = {host.name: host for host in self._platform.hosts}
        if name not in known:
            raise UserError(f"the inventory names no host '{name}'", did_you_mean(name, known))
        return known[name]

    def _new_login(self, host: Host, seconds: int, wanted: bool) -> str:
        if not wanted:
            return ""
        platform, role = self._platform, names.host_role(self.environment, host.name)
        granted = host_grants.of(platform.credentials, host)
        # Noted first: a login that is lost on its way is another one than the host's stamp knows.
        host_grants.keep(platform.credentials, host.name, replace(granted, issue=token_urlsafe(16)))
        return host_logins.store(platform).wrapped_secret_id(role, seconds)

    def _removal(self, host: str) -> str | None:
        return self._known_platform().credentials.find(secret.host_removal(host))

    def _require_not_removed(self, hosts: Sequence[str]) -> None:
        removed = [
            name for name in hosts if self._removals.get(name, _UNSEEN) not in (_UNSEEN, self._removal(name))
        ]
        if removed:
            raise UserError(
                f"{', '.join(removed)}: removed by another command meanwhile, and not let in again",
                "run the same command again for the others; take what was removed out of the inventory",
            )


def _given(platform: Platform, host: str, wrapped_login: str) -> HostCredentials:
    return HostCredentials(
        host=host,
        broker_url=broker.url_on_host(platform, host),
        role_id=names.host_role(platform.environment.name, host),
        wrapped_login=wrapped_login,
        bundle_user=names.host_user(host),
        bundle_password=platform.credentials.get(secret.bundle_host(host)),
        authority=entrance_tls.authority(platform),
    )


def _require_entrance(platform: Platform) -> None:
    name = platform.environment.name
    if platform.entrance is None or not platform.layout.authority.is_file():
        raise UserError(f"{name} was not deployed with an entrance for hosts", f"make deploy ENV={name}")


@contextmanager
def _alone(platform: Platform) -> Iterator[None]:
    """Wait until nobody else changes the lists of hosts: takes seconds, whatever a deploy is doing."""
    with (platform.layout.config / "hosts.lock").open("a") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield
