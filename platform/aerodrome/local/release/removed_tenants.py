"""What stays of a tenant whose folder is gone: told by plan and deploy, deleted only when somebody asks for it."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator

from aerodrome.clients.airflow import Airflow
from aerodrome.errors import AerodromeError
from aerodrome.local.machine import accounts, state
from aerodrome.local.machine import credentials as secret
from aerodrome.local.machine.platform import Platform
from aerodrome.local.people.access import LocalDesk
from aerodrome.local.stores import openbao, postgres, secrets_store
from aerodrome.names import is_tenant, os_user, tenant_folder
from aerodrome.plan import Orphan
from aerodrome.progress import Progress
from aerodrome.render.roles import ADMIN
from aerodrome.runtime.turns import LOCKS
from aerodrome.targets import orphans
from aerodrome.targets.orphans import Looks

FILES, MACHINE = "files", "this machine"


def looks(platform: Platform, folders: Collection[str]) -> Looks:
    """Return what finds all that is left of tenants that are none of *folders*."""
    found: Looks = {
        MACHINE: lambda: [
            each for tenant in _with_files(platform, folders) for each in _kept(platform, tenant)
        ],
        "Airflow": lambda: _in_airflow(platform, folders),
        "the store of large results": lambda: _results(platform, folders),
    }
    return found if state.exists(platform.layout) else {MACHINE: found[MACHINE]}


def known(platform: Platform, folders: Collection[str]) -> tuple[str, ...]:
    """Return the tenants that left something here and are none of *folders*, sorted."""
    found, _ = orphans.look(looks(platform, folders))
    return tuple(sorted({each.owner for each in found}))


def _with_files(platform: Platform, folders: Collection[str]) -> tuple[str, ...]:
    layout = platform.layout
    places = [place for place in (layout.homes, layout.runtimes) if place.is_dir()]
    found = {path.name for place in places for path in place.iterdir() if is_tenant(path.name)}
    return tuple(sorted(found - set(folders)))


def _in_airflow(platform: Platform, folders: Collection[str]) -> Iterator[Orphan]:
    airflow = _airflow(platform)
    return orphans.in_airflow(airflow, folders) if airflow else iter(())


def _airflow(platform: Platform) -> Airflow | None:
    desk = LocalDesk(platform)
    return desk.administrator() if desk.has_password(ADMIN) else None


def _results(platform: Platform, folders: Collection[str]) -> Iterator[Orphan]:
    environment, place = platform.environment, platform.layout.results / platform.environment.name
    if environment.results.kind == "s3":
        return orphans.in_bucket(environment, folders)
    there = sorted(path.name for path in place.iterdir()) if place.is_dir() else []
    return orphans.results(there, str(place), folders)


def told(platform: Platform, folders: Collection[str]) -> tuple[str, ...]:
    """Return one line for each removed tenant: what is kept of it and what deletes that."""
    environment = platform.environment.name
    found, _ = orphans.look(looks(platform, folders))
    return tuple(
        f"{orphans.sentence(tenant, found)}; `make remove-tenant TENANT={tenant} ENV={environment}` deletes it"
        for tenant in sorted({each.owner for each in found})
    )


def kept(platform: Platform, folders: Collection[str], tenant: str) -> str:
    """Return what is kept of a removed tenant, which is none of *folders*, as a sentence."""
    found, _ = orphans.look(looks(platform, folders))
    return orphans.sentence(tenant, found)


def _kept(platform: Platform, tenant: str) -> Iterator[Orphan]:
    yield Orphan(tenant, FILES, tenant, str(platform.layout.homes / tenant))
    if _has_database(platform, tenant):
        yield Orphan(tenant, "database", postgres.tenant_database(tenant), "PostgreSQL")
    place = tenant_folder(platform.environment.name, tenant)
    if not _store_answers(platform):
        if state.exists(platform.layout):
            yield Orphan(tenant, orphans.SECRETS, place, "OpenBao, which does not run")
    elif secrets_store.stored(platform, tenant):
        yield Orphan(tenant, orphans.SECRETS, place, "OpenBao")
    if os_user(tenant) in accounts.used_by(platform.layout.name):
        yield Orphan(tenant, "operating system user", os_user(tenant), MACHINE)


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
    """Delete all that is kept of *tenant*, Airflow's history of its DAGs first. Safe to repeat."""
    if state.exists(platform.layout):
        _require_stores(platform)
        _delete_dags(platform, tenant, progress)
        _delete_secrets(platform, tenant, progress)
        _delete_database(platform, tenant, progress)
    if platform.layout.root:
        for user in accounts.release([os_user(tenant)], platform.layout.name):
            progress(f"removed the operating system user {user}")
    (platform.layout.runtimes / LOCKS / tenant).unlink(missing_ok=True)
    # The files go last: they are what a repetition after an interruption knows the tenant by.
    layout = platform.layout
    results = layout.results / platform.environment.name / tenant
    for folder in (results, layout.runtimes / tenant, layout.homes / tenant):
        if folder.is_dir():
            shutil.rmtree(folder)
            progress(f"deleted {folder}")


def _require_stores(platform: Platform) -> None:
    if not (_store_answers(platform) and postgres.server(platform).answers()):
        remedy = f"make deploy ENV={platform.environment.name} first"
        raise AerodromeError("PostgreSQL and OpenBao must run to delete what they hold", remedy)


def _delete_dags(platform: Platform, tenant: str, progress: Progress) -> None:
    airflow = _airflow(platform)
    if airflow is None:
        remedy = f"make deploy ENV={platform.environment.name} first"
        raise AerodromeError("Airflow must run to delete its history of a tenant's DAGs", remedy)
    orphans.delete_dags(airflow, tenant, progress)


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
