"""The secrets store as a worker of the default zone reaches it, and what it tries there."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import replace

from aerodrome import names
from aerodrome.clients.vault import Vault
from aerodrome.errors import AerodromeError
from aerodrome.local.machine import credentials
from aerodrome.local.stores import secrets_store
from suite.live import ZONE
from suite.place import ATTACKER, MARK, VICTIM, Place


def variable(tenant: str = VICTIM, name: str = "token") -> str:
    """Return the path of a variable of *tenant*."""
    return names.variable_path("local", tenant, name)


def connection(tenant: str = VICTIM, name: str = "people") -> str:
    """Return the path of a connection of *tenant*."""
    return names.connection_path("local", tenant, name)


def zone_login(place: Place, zone: str = ZONE) -> Vault:
    """Return the store for who holds the login of *zone*'s workers, or what the attacker has found instead."""
    return _as(place, place.notes.get("store token") or _logged_in(place, zone))


def minted(place: Place, tenant: str = ATTACKER, zone: str = ZONE, ttl: str = names.TOKEN_TTL) -> Vault:
    """Return the store for who has a token of *tenant*, minted with the login of *zone*."""
    token = place.notes.get("store token")
    if token is None:
        token = _as(place, _logged_in(place, zone)).mint(names.tenant_policy("local", zone, tenant), ttl)
    return _as(place, token)


def reads(store: Vault, paths: Iterable[str]) -> str:
    """Return which of *paths* *store* reads."""
    return ", ".join(path for path in paths if _reads(store, path))


def _reads(store: Vault, path: str) -> bool:
    with contextlib.suppress(AerodromeError):
        return store.read(names.SECRETS_MOUNT, path) is not None
    return False


def _logged_in(place: Place, zone: str) -> str:
    platform = place.live.platform
    return _as(place, None).login(
        secrets_store.role_id(platform, zone), secrets_store.secret_id(platform, zone)
    )


def _as(place: Place, token: str | None) -> Vault:
    return Vault(place.live.platform.openbao_url, token)


@contextlib.contextmanager
def one_token_for_all(place: Place) -> Iterator[Place]:
    """Workers hold one token that reads the whole store, as Airflow's own backend is set up."""
    yield replace(place, notes={"store token": place.live.platform.credentials.get(credentials.OPENBAO_ROOT)})


def keep_people(place: Place) -> None:
    """Write the victim's connection for personal data."""
    root = place.live.platform.credentials.get(credentials.OPENBAO_ROOT)
    value = {"conn_type": "http", "host": "localhost", "password": MARK}
    _as(place, root).write(names.SECRETS_MOUNT, connection(), value)
