"""What stays of a tenant whose folder is gone: told at each deploy, deleted only when somebody asks for it."""

from __future__ import annotations

import shutil
from collections.abc import Collection

from aerodrome.errors import AerodromeError, counted
from aerodrome.local.machine import accounts, state
from aerodrome.local.machine import credentials as secret
from aerodrome.local.machine.platform import Platform
from aerodrome.local.stores import openbao, postgres, secrets_store
from aerodrome.names import is_tenant, os_user
from aerodrome.progress import Progress
from aerodrome.runtime.turns import LOCKS


def known(platform: Platform, folders: Collection[str]) -> tuple[str, ...]:
    """Return the tenants that left something here and are none of *folders*, sorted."""
    layout = platform.layout
    places = [place for place in (layout.homes, layout.runtimes) if place.is_dir()]
    found = {path.name for place in places for path in place.iterdir() if is_tenant(path.name)}
    return tuple(sorted(found - set(folders)))


def told(platform: Platform, folders: Collection[str]) -> tuple[str, ...]:
    """Return one line for each removed tenant: what is kept of it and what deletes that."""
    environment = platform.environment.name
    return tuple(
        f"{kept(platform, tenant)}; `make remove-tenant TENANT={tenant} ENV={environment}` deletes it"
        for tenant in known(platform, folders)
    )


def kept(platform: Platform, tenant: str) -> str:
    """Return what is kept of a removed tenant as a sentence."""
    return f"tenants/{tenant} is gone, kept of it: {', '.join(_kept(platform, tenant))}"


def _kept(platform: Platform, tenant: str) -> list[str]:
    kept = [f"files in {platform.layout.homes / tenant}"]
    if _has_database(platform, tenant):
        kept.append(f"database {postgres.tenant_database(tenant)}")
    if _store_answers(platform):
        number = len(secrets_store.stored(platform, tenant))
        kept += [counted(number, "secret")] if number else []
    elif state.exists(platform.layout):
        kept.append("secrets (OpenBao does not run)")
    if os_user(tenant) in accounts.used_by(platform.layout.name):
        kept.append(f"operating system user {os_user(tenant)}")
    return kept


def _has_database(platform: Platform, tenant: str) -> bool:
    server = postgres.server(platform)
    if server.answers():
        return postgres.tenant_database(tenant) in server.databases()
    # Its password is made with it.
    return platform.credentials.find(secret.tenant_database(tenant)) is not None


def _store_answers(platform: Platform) -> bool:
    store = openbao.vault(platform)
    return store.token is not None and store.state() == "ready"


def delete(platform: Platform, tenant: str, progress: Progress) -> None:
    """Delete files, database, secrets, passwords and operating system user of *tenant*. Safe to repeat."""
    if state.exists(platform.layout):
        _require_stores(platform)
        _delete_secrets(platform, tenant, progress)
        _delete_database(platform, tenant, progress)
    if platform.layout.root:
        for user in accounts.release([os_user(tenant)], platform.layout.name):
            progress(f"removed the operating system user {user}")
    (platform.layout.runtimes / LOCKS / tenant).unlink(missing_ok=True)
    # The files go last: they are what a repetition after an interruption knows the tenant by.
    for folder in (platform.layout.runtimes / tenant, platform.layout.homes / tenant):
        if folder.is_dir():
            shutil.rmtree(folder)
            progress(f"deleted {folder}")


def _require_stores(platform: Platform) -> None:
    if not (_store_answers(platform) and postgres.server(platform).answers()):
        remedy = f"make deploy ENV={platform.environment.name} first"
        raise AerodromeError("PostgreSQL and OpenBao must run to delete what they hold", remedy)


def _delete_secrets(platform: Platform, tenant: str, progress: Progress) -> None:
    for path in secrets_store.stored(platform, tenant):
        kind, _, name = path.partition("/")
        secrets_store.delete(platform, tenant, kind, name)
        progress(f"deleted {kind.removesuffix('s')} {tenant}.{name}")
    platform.credentials.forget(secret.airflow_user(tenant))


def _delete_database(platform: Platform, tenant: str, progress: Progress) -> None:
    if _has_database(platform, tenant):
        database = postgres.tenant_database(tenant)
        postgres.server(platform).drop_database(database, database)
        platform.credentials.forget(secret.tenant_database(tenant))
        progress(f"deleted database {database}")
