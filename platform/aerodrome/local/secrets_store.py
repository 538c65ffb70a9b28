"""What OpenBao holds: a policy and a login for each zone, and the connections made for tenants here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from aerodrome import names
from aerodrome.environment import ProvisionedConnection
from aerodrome.errors import AerodromeError
from aerodrome.local import credentials as secret
from aerodrome.local import openbao, postgres, random_variables
from aerodrome.local.difference import of_secrets
from aerodrome.local.platform import Platform
from aerodrome.plan import Change
from aerodrome.progress import Progress

MOUNT = names.SECRETS_MOUNT
Value = Mapping[str, Any]
_LOGIN, _POLICY = "login", "policy"
_NOTHING = 'path "sys/none" {\n  capabilities = ["deny"]\n}\n'


def role_id(zone: str) -> str:
    """Return the AppRole, policy and role id of *zone*; the secret is the secret id."""
    return names.worker_user(zone)


def secret_id(platform: Platform, zone: str) -> str:
    """Return the secret id of *zone*'s workers."""
    return platform.credentials.get(f"openbao-zone-{zone}")


def policy(platform: Platform, zone: str) -> str:
    """Return the policy of *zone*: read what its tenants may use on its queues, nothing else."""
    queues = set(platform.queues_of(zone))
    paths = []
    for tenant in platform.tenants_of(zone):
        model = platform.tenants[tenant]
        usable = [n for n, c in model.connections.items() if c.queues is None or queues & set(c.queues)]
        paths += [names.connection_path(tenant, name) for name in usable]
        paths += [names.variable_path(tenant, name) for name in model.variables]
    rules = [f'path "{MOUNT}/data/{path}" {{\n  capabilities = ["read"]\n}}\n' for path in sorted(paths)]
    return "".join(rules) or _NOTHING


def provisioned(platform: Platform) -> dict[tuple[str, str], ProvisionedConnection]:
    """Return what the environment makes for tenants: (tenant, connection) → how."""
    offers = platform.local.connections
    return {
        (tenant, name): offers[name]
        for tenant, model in sorted(platform.tenants.items())
        for name in sorted(model.connections)
        if name in offers
    }


def value_of(platform: Platform, tenant: str, offer: ProvisionedConnection) -> Value:
    """Return the connection that *offer* makes for *tenant*, as the secrets backend reads it."""
    if offer.type == "postgres" and not offer.url:
        database = postgres.tenant_database(tenant)
        return {
            "conn_type": "postgres",
            "host": "127.0.0.1",
            "port": platform.ports.postgres,
            "login": database,
            "password": platform.credentials.get(secret.tenant_database(tenant)),
            "schema": database,
            "extra": {},
        }
    url = urlsplit(offer.url)
    return {
        "conn_type": offer.type,
        "host": url.hostname if offer.type == "postgres" else f"{url.scheme}://{url.hostname}",
        "port": url.port,
        "login": url.username,
        "password": url.password,
        "schema": url.path.strip("/") if offer.type == "postgres" else url.scheme,
        "extra": {},
    }


def differences(platform: Platform) -> tuple[Change, ...]:
    """Return what OpenBao and PostgreSQL lack or hold differently; everything where they do not run."""
    access = openbao.vault(platform)
    if access.state() != "ready" or access.token is None or MOUNT not in access.mounts():
        return _everything(platform)
    variables = random_variables.differences(platform, access)
    return (*_zone_differences(platform), *_connection_differences(platform), *variables)


def apply(platform: Platform, progress: Progress) -> None:
    """Bring store, policies, logins, databases and provisioned connections to the desired state."""
    access = openbao.vault(platform)
    if access.state() != "ready":
        raise AerodromeError("OpenBao does not run or is sealed", "see `make logs ENV=local`")
    if MOUNT not in access.mounts():
        access.enable_kv(MOUNT)
    if "approle" not in access.auth_methods():
        access.enable_approle()
    for change in _zone_differences(platform):
        progress(f"{change.action} {change.what}")
        _apply_zone(platform, change)
    for (tenant, name), offer in provisioned(platform).items():
        _apply_connection(platform, tenant, name, offer, progress)
    random_variables.apply(platform, access, progress)


def put_connection(platform: Platform, tenant: str, name: str, value: Value) -> None:
    """Store the connection *name* of *tenant*."""
    openbao.vault(platform).write(MOUNT, names.connection_path(tenant, name), value)


def put_variable(platform: Platform, tenant: str, name: str, value: str) -> None:
    """Store the variable *name* of *tenant*."""
    openbao.vault(platform).write(MOUNT, names.variable_path(tenant, name), {"value": value})


def stored(platform: Platform, tenant: str) -> tuple[str, ...]:
    """Return what the store holds of *tenant*: connections/<name> and variables/<name>, never a value."""
    access = openbao.vault(platform)
    return tuple(
        f"{kind}/{name}"
        for kind in ("connections", "variables")
        for name in access.names(MOUNT, f"tenants/{tenant}/{kind}")
    )


def delete(platform: Platform, tenant: str, kind: str, name: str) -> None:
    """Remove one connection or variable of *tenant* with all its versions."""
    path = {"connections": names.connection_path, "variables": names.variable_path}[kind]
    openbao.vault(platform).delete(MOUNT, path(tenant, name))


def _everything(platform: Platform) -> tuple[Change, ...]:
    logins = [(kind, role_id(zone)) for zone in platform.zones for kind in (_LOGIN, _POLICY)]
    made = [("connection", names.connection_id(*found)) for found in provisioned(platform)]
    made += [("variable", names.variable_key(*found)) for found in random_variables.wanted(platform)]
    everything = [("secrets store", ""), *logins, *made]
    return tuple(of_secrets("create", kind, name, "not there yet") for kind, name in everything)


def _zone_differences(platform: Platform) -> list[Change]:
    access = openbao.vault(platform)
    roles = access.approles() if "approle" in access.auth_methods() else frozenset()
    found = []
    for zone in platform.zones:
        name = role_id(zone)
        if name not in roles or not access.accepts(name, secret_id(platform, zone)):
            found.append(of_secrets("create", _LOGIN, name, "not there yet"))
        live = access.policy(name)
        if live is None or live.strip() != policy(platform, zone).strip():
            found.append(of_secrets("update", _POLICY, name, "its tenants or their connections changed"))
    wanted = {role_id(zone) for zone in platform.zones}
    own = {name for name in access.policies() if name.startswith(names.worker_user(""))} | roles
    return found + [of_secrets("delete", _LOGIN, name, "no queue is left") for name in sorted(own - wanted)]


def _apply_zone(platform: Platform, change: Change) -> None:
    access = openbao.vault(platform)
    zone = change.name.removeprefix(names.worker_user(""))
    if change.action == "delete":
        access.delete_approle(change.name)
        access.delete_policy(change.name)
    elif change.kind == _POLICY:
        access.put_policy(change.name, policy(platform, zone))
    else:
        access.put_approle(change.name, change.name, change.name, secret_id(platform, zone))


def _connection_differences(platform: Platform) -> list[Change]:
    access = openbao.vault(platform)
    found = _database_differences(platform)
    for (tenant, name), offer in provisioned(platform).items():
        live = access.read(MOUNT, names.connection_path(tenant, name))
        connection = names.connection_id(tenant, name)
        if live is None:
            found.append(of_secrets("create", "connection", connection, "not there yet"))
        elif live != value_of(platform, tenant, offer):
            found.append(of_secrets("update", "connection", connection, "its value differs"))
    return found


def _database_differences(platform: Platform) -> list[Change]:
    server = postgres.server(platform)
    databases, limits = server.databases(), server.limits()
    found = []
    for tenant in dict.fromkeys(
        tenant for (tenant, _), o in provisioned(platform).items() if _needs_database(o)
    ):
        name = postgres.tenant_database(tenant)
        if name not in databases:
            found.append(of_secrets("create", "database", name, "not there yet"))
        elif not postgres.tenant_limits(platform, tenant).met_by(limits.get(name)):
            found.append(of_secrets("update", "database", name, "the limits of its user differ"))
    return found


def _needs_database(offer: ProvisionedConnection) -> bool:
    return offer.type == "postgres" and not offer.url


def _apply_connection(
    platform: Platform, tenant: str, name: str, offer: ProvisionedConnection, progress: Progress
) -> None:
    value = value_of(platform, tenant, offer)
    if _needs_database(offer):
        database = postgres.tenant_database(tenant)
        limits = postgres.tenant_limits(platform, tenant)
        if postgres.server(platform).ensure_database(database, database, str(value["password"]), limits):
            progress(f"create database {database}")
    path = names.connection_path(tenant, name)
    access = openbao.vault(platform)
    if access.read(MOUNT, path) != value:
        progress(f"write connection {tenant}.{name}")
        access.write(MOUNT, path, value)
