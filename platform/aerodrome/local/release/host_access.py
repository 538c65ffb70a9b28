"""The access of hosts to ENV=local, for the commands of operations: credentials given one by one, revoked at once."""

from __future__ import annotations

import fcntl
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from aerodrome import names
from aerodrome.errors import UserError, did_you_mean
from aerodrome.hosts.credentials import LOGIN_SECONDS, HostCredentials
from aerodrome.hosts.inventory import Host, load_inventory
from aerodrome.local.machine import credentials as secret
from aerodrome.local.machine.platform import Platform
from aerodrome.local.release import host_logins
from aerodrome.local.release.preparation import deployed_platform
from aerodrome.local.stores import broker, entrance_tls


@dataclass(frozen=True)
class LocalHostAccess:
    """The access of hosts to the platform *environment* of the clone *root*, as it was deployed last.

    Within a deploy that is the *deployed* one: what is remembered is the one before.
    """

    root: Path
    environment: str
    deployed: Platform | None = None

    def authority(self) -> str:
        """Return the certificate of the authority that hosts trust, as PEM."""
        return entrance_tls.authority(self._platform)

    def credentials(
        self, hosts: Sequence[str], new_logins: Collection[str] = (), seconds: int = LOGIN_SECONDS
    ) -> dict[str, HostCredentials]:
        """Let *hosts* in where they are not yet, and return host → what it is given; nothing is restarted.

        Those of *new_logins* lose every secret id that they had and get another one, to be unwrapped within *seconds*.
        """
        wanted = [self._known(name) for name in hosts]
        with _alone(self._platform):
            host_logins.let_in(self._platform, wanted)
        return {host.name: self._given(host.name, host.name in new_logins, seconds) for host in wanted}

    def logins(self, hosts: Sequence[str]) -> frozenset[str]:
        """Return those of *hosts* that the secrets store knows a secret id of."""
        vault = host_logins.store(self._platform)
        roles = {host: names.host_role(self.environment, host) for host in hosts}
        there = vault.roles("auth/approle/role")
        return frozenset(host for host, role in roles.items() if role in there and vault.secret_ids(role))

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

    def _given(self, host: str, new_login: bool, seconds: int) -> HostCredentials:
        platform, role = self._platform, names.host_role(self.environment, host)
        return HostCredentials(
            host=host,
            broker_url=broker.url_on_host(platform, host),
            role_id=role,
            wrapped_login=host_logins.store(platform).wrapped_secret_id(role, seconds) if new_login else "",
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
