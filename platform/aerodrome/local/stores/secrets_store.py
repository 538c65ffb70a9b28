"""What only ENV=local adds to the secrets store: connections and databases that it makes for tenants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from aerodrome import names
from aerodrome.clients.vault import Vault
from aerodrome.environment import ProvisionedConnection
from aerodrome.errors import AerodromeError
from aerodrome.local.machine import credentials as secret
from aerodrome.local.machine.difference import not_compared
from aerodrome.local.machine.platform import Platform
from aerodrome.local.stores import earlier_store, openbao, postgres, random_variables
from aerodrome.plan import Change
from aerodrome.progress import Progress
from aerodrome.secrets import access, reconcile
from aerodrome.secrets import values as contract
from aerodrome.secrets.values import Values, VaultValues
from aerodrome.targets.iam import IamTarget, roles_of
from aerodrome.targets.secrets import VaultTarget

Value = Mapping[str, Any]


def role_id(platform: Platform, zone: str) -> str:
    """Return the AppRole of *zone*'s workers, which is its role id too; the secret is the secret id."""
    return names.zone_role(platform.environment.name, zone)


def secret_id(platform: Platform, zone: str) -> str:
    """Return the secret id of *zone*'s workers."""
    return platform.credentials.get(f"openbao-zone-{zone}")


def rules(platform: Platform) -> VaultTarget | IamTarget:
    """Return what keeps who may read what: the same as in every environment."""
    environment = platform.environment
    if environment.secrets.store == "ssm":
        return IamTarget(environment, platform.tenants, roles_of(environment))
    logins = {role_id(platform, zone): secret_id(platform, zone) for zone in platform.zones}
    hosts = {host.name: host.zone for host in platform.let_in}
    return VaultTarget(environment, platform.tenants, openbao.vault(platform), logins, hosts=hosts)


def values(platform: Platform) -> Values:
    """Return the connections and variables themselves."""
    if platform.environment.secrets.store == "ssm":
        return access.parameters(platform.environment)
    return VaultValues(openbao.vault(platform))


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
    """Return what the store and PostgreSQL lack or hold differently; everything where they never ran."""
    if _is_empty(platform):
        return _everything(platform)
    if not _runs(platform):
        return (not_compared(reconcile.TARGET, "secrets store"),)
    return (
        *_moves(platform),
        *rules(platform).changes(),
        *_connection_differences(platform),
        *random_variables.differences(platform, values(platform)),
    )


def apply(platform: Platform, progress: Progress) -> None:
    """Bring store, policies, logins, databases and provisioned connections to the desired state."""
    vault = openbao.vault(platform)
    if vault.state() != "ready":
        raise AerodromeError("OpenBao does not run or is sealed", "see `make logs ENV=local`")
    rules(platform).apply((), progress)
    if _in_vault(platform):
        # Before anything is made that an earlier version of the platform made already.
        earlier_store.apply(vault, platform.environment.name, progress)
    for (tenant, name), offer in provisioned(platform).items():
        _apply_connection(platform, tenant, name, offer, progress)
    random_variables.apply(platform, values(platform), progress)


def _in_vault(platform: Platform) -> bool:
    return platform.environment.secrets.store == "vault"


def _runs(platform: Platform) -> bool:
    return _opens(openbao.vault(platform)) and postgres.server(platform).answers()


def _opens(vault: Vault) -> bool:
    return vault.token is not None and vault.state() == "ready"


def _is_empty(platform: Platform) -> bool:
    """Return whether nothing was ever put into the store: it never ran, or has only just been made."""
    if not platform.credentials.find(secret.OPENBAO_ROOT):
        return True
    vault = openbao.vault(platform)
    return _in_vault(platform) and _opens(vault) and names.SECRETS_MOUNT not in vault.mounts()


def _moves(platform: Platform) -> tuple[Change, ...]:
    if not _in_vault(platform):
        return ()
    return earlier_store.differences(openbao.vault(platform), platform.environment.name)


def stored(platform: Platform, tenant: str) -> tuple[str, ...]:
    """Return what the store holds of *tenant*: connections/<name> and variables/<name>, never a value."""
    return contract.stored(values(platform), platform.environment.name, tenant)


def delete(platform: Platform, tenant: str, kind: str, name: str) -> None:
    """Remove one connection or variable of *tenant* with all its versions; *kind* is connections or variables."""
    values(platform).delete(_path(platform, kind.removesuffix("s"), tenant, name))


def _path(platform: Platform, kind: str, tenant: str, name: str) -> str:
    return contract.PATHS[kind](platform.environment.name, tenant, name)


def _everything(platform: Platform) -> tuple[Change, ...]:
    made = [("database", name) for name in _databases(platform).values()]
    made += [("connection", names.connection_id(*found)) for found in provisioned(platform)]
    made += [("variable", names.variable_key(*found)) for found in random_variables.wanted(platform)]
    first = rules(platform).all_changes()
    changes = (*first, *(reconcile.change("create", kind, name, "not there yet") for kind, name in made))
    # What AWS holds is not this platform's alone, and a first deploy finds there what an earlier platform has left.
    return changes if _in_vault(platform) else (*changes, not_compared(reconcile.TARGET, "secrets store"))


def _connection_differences(platform: Platform) -> list[Change]:
    found = _database_differences(platform)
    for (tenant, name), offer in provisioned(platform).items():
        live = values(platform).read(_path(platform, "connection", tenant, name))
        connection = names.connection_id(tenant, name)
        if live is None:
            found.append(reconcile.change("create", "connection", connection, "not there yet"))
        elif live != value_of(platform, tenant, offer):
            found.append(reconcile.change("update", "connection", connection, "its value differs"))
    return found


def _database_differences(platform: Platform) -> list[Change]:
    server = postgres.server(platform)
    databases, limits = server.databases(), server.limits()
    found = []
    for tenant, name in _databases(platform).items():
        if name not in databases:
            found.append(reconcile.change("create", "database", name, "not there yet"))
        elif not postgres.tenant_limits(platform, tenant).met_by(limits.get(name)):
            found.append(reconcile.change("update", "database", name, "the limits of its user differ"))
    return found


def _databases(platform: Platform) -> dict[str, str]:
    """Return tenant → database of those that need one."""
    needed = (tenant for (tenant, _), offer in provisioned(platform).items() if _needs_database(offer))
    return {tenant: postgres.tenant_database(tenant) for tenant in needed}


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
    path = _path(platform, "connection", tenant, name)
    if values(platform).read(path) != value:
        progress(f"write connection {tenant}.{name}")
        values(platform).write(path, value)
