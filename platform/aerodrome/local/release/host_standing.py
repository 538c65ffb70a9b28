"""How the logins of hosts stand: what tells each from an earlier one, and who would not accept it as it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from aerodrome import names
from aerodrome.clients.vault import Vault
from aerodrome.hosts.credentials import BROKER, BUNDLE, OUT, STORE, WAITS, Standing, marked
from aerodrome.local.machine import credentials as secret
from aerodrome.local.machine import host_grants
from aerodrome.local.machine.platform import Platform
from aerodrome.local.processes.readiness import broker_access
from aerodrome.local.release import host_logins
from aerodrome.local.stores import broker, entrance, openbao
from aerodrome.secrets import host_rights

if TYPE_CHECKING:
    from aerodrome.hosts.inventory import Host


def mark(platform: Platform, text: str) -> str:
    """Return what tells *text* from another one; without the platform's key nobody can try which text it is of."""
    return marked(platform.credentials.get(secret.HOST_MARKS), text)


def of_hosts(platform: Platform, hosts: Sequence[Host]) -> dict[str, Standing]:
    """Return host → how its logins stand. What does not run now refuses nobody."""
    strangers = _not_known_by_broker(platform)
    fetching = _fetching(platform)
    store = _running_store(platform)
    return {
        host.name: Standing(
            _marks(platform, host),
            dict(_refused(platform, host, strangers, fetching, store)),
            host_logins.other_zone(platform, host),
        )
        for host in hosts
    }


def _marks(platform: Platform, host: Host) -> dict[str, str]:
    role = names.host_role(platform.environment.name, host.name)
    issue = host_grants.of(platform.credentials, host).issue
    return {
        BROKER: mark(platform, broker.url_on_host(platform, host.name)),
        STORE: mark(platform, f"{role} {issue}"),
        BUNDLE: mark(platform, platform.credentials.get(secret.bundle_host(host.name))),
    }


def _refused(
    platform: Platform,
    host: Host,
    strangers: frozenset[str],
    fetching: frozenset[str],
    store: Vault | None,
) -> Iterator[tuple[str, str]]:
    user, role = names.host_user(host.name), names.host_role(platform.environment.name, host.name)
    if not platform.credentials.find(secret.redis_host(host.name)):
        yield from ((login, OUT) for login in (BROKER, STORE, BUNDLE))
        return
    if host_grants.of(platform.credentials, host).shut:
        yield BROKER, WAITS
    elif host.name in strangers:
        yield BROKER, f"the broker's user {user} is gone or is another one"
    if store is not None and (why := host_rights.why_refused(store, role)):
        yield STORE, why
    if user not in fetching:
        yield BUNDLE, f"the entrance knows no user {user}"


def _not_known_by_broker(platform: Platform) -> frozenset[str]:
    if not broker_access(platform).answers():
        return frozenset()
    return frozenset(host_logins.differing(platform, platform.at_broker))


def _fetching(platform: Platform) -> frozenset[str]:
    path = platform.layout.process_config(entrance.NAME) / entrance.USERS
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return frozenset(line.partition(":")[0] for line in lines)


def _running_store(platform: Platform) -> Vault | None:
    if platform.environment.secrets.store != "vault":
        return None
    vault = openbao.vault(platform)
    return vault if vault.token is not None and vault.state() == "ready" else None
