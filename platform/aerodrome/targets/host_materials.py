"""What hosts are made of: their desired state, the packages they get, the credentials they hold."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from aerodrome.clients import logs_login
from aerodrome.environment import Environment
from aerodrome.errors import UserError
from aerodrome.files import machine_cache
from aerodrome.hosts.credentials import LOGS, HostAccess, HostCredentials, Standing
from aerodrome.hosts.inventory import Host, Inventory
from aerodrome.manifest.tenant import TenantManifest
from aerodrome.progress import Progress
from aerodrome.render.hosts import Material, TenantMaterial, variables
from aerodrome.runtime import read_source, worker_code
from aerodrome.runtime.worker_packages import platform_wheel, uv_lock, wheelhouse, worker_lock
from aerodrome.targets.host_state import WantedHost, parts_of

CONTENT = "ansible"
# The last but one role unwraps the first login; many hosts at once take longer.
_LOGIN_SECONDS, _LOGIN_SECONDS_OF_EACH = 900, 60


@dataclass(frozen=True)
class Source:
    """What hosts are made from: the repository at *root*, an environment, and the tenants that it has."""

    root: Path
    environment: Environment
    tenants: Mapping[str, TenantManifest]


def wanted(
    source: Source, inventory: Inventory, chosen: Sequence[Host], authority: str
) -> tuple[WantedHost, ...]:
    """Return what the *chosen* hosts should be; *authority* is the PEM of who signed the platform's certificates."""
    root = source.root
    material = Material("", "", platform_digest(root), "", authority, _tenants(root, source.tenants))
    return tuple(_wanted(source, inventory.file, host, material) for host in chosen)


def platform_digest(root: Path) -> str:
    """Return the digest of all code on a host of workers: what they import, what builds environments, and uv."""
    locks = [hashlib.sha256(path.read_bytes()).hexdigest() for path in (worker_lock(root), uv_lock(root))]
    code = worker_code.worker_digest(root), worker_code.builder_digest(root)
    return hashlib.sha256("\n".join([*locks, *code]).encode()).hexdigest()[:16]


def _tenants(root: Path, names: Collection[str]) -> dict[str, TenantMaterial]:
    found = {name: read_source(root / "tenants" / name) for name in sorted(names)}
    return {
        name: TenantMaterial(source.digest, str(source.folder)) for name, source in found.items() if source
    }


def _wanted(source: Source, file: str, host: Host, material: Material) -> WantedHost:
    made = variables(source.environment, source.tenants, host, material)
    content = source.root / CONTENT
    return WantedHost(
        name=host.name,
        place=f"{file}:{host.line}:{host.column}",
        zone=host.zone,
        queues=host.queues,
        connection=host.connection,
        variables=made.flat,
        roles=tuple(made.roles),
        parts=parts_of(made.roles, made.digests, content),
    )


def packages(source: Source, progress: Progress) -> dict[str, Any]:
    """Make what is copied to hosts, and return the variables that say where it lies here."""
    root, cache = source.root, machine_cache()
    settings = source.environment.hosts
    built = cache / f"platform-{platform_digest(root)}"
    if not (wheels := [*built.glob("*.whl")]):
        progress("building the platform's own wheel")
        built.mkdir(parents=True, exist_ok=True)
        wheels = [platform_wheel(root, built)]
    copied = settings is not None and settings.python.wheelhouse
    return {
        "python_runtime_lock": str(worker_lock(root)),
        "python_runtime_wheel": str(wheels[0]),
        "python_runtime_wheelhouse": str(wheelhouse(root, cache, progress)) if copied else "",
    }


@dataclass(frozen=True)
class Secrets:
    """Gives hosts their secret variables."""

    access: HostAccess
    source: Source
    zones: Mapping[str, str]

    def __call__(
        self, names: Sequence[str], with_login: Collection[str], nothing_new: bool
    ) -> dict[str, dict[str, str]]:
        """Return host → secret variable → value; hosts without a login that is still good get a first one, wrapped.

        With *nothing_new* nobody gets one, and nobody is let in.
        """
        new = [] if nothing_new else [name for name in names if name not in with_login]
        seconds = _LOGIN_SECONDS + _LOGIN_SECONDS_OF_EACH * len(new)
        given = self.access.credentials(names, new, seconds, only_look=nothing_new)
        logs = {zone: self._of_logs(zone) for zone in {self.zones[name] for name in names}}
        return {name: {**_variables(given[name]), **logs[self.zones[name]]} for name in names}

    def standing(self, names: Sequence[str]) -> dict[str, Standing]:
        """Return host → how its logins stand, that to the store of logs included."""
        found = self.access.standing(names)
        return {
            name: replace(found[name], marks={**found[name].marks, **self._marked(name)}) for name in names
        }

    def _marked(self, name: str) -> dict[str, str]:
        try:
            login = self._of_logs(self.zones[name])
        except UserError:
            # Told where it is needed; to look at a host it is not.
            return {}
        return {LOGS: self.access.mark(json.dumps(login, sort_keys=True))} if any(login.values()) else {}

    def _of_logs(self, zone: str) -> Mapping[str, str]:
        settings = self.source.environment.hosts
        return logs_login.of_zone(settings.logs, self.source.root, zone) if settings else {}


def _variables(given: HostCredentials) -> dict[str, str]:
    return {
        "airflow_worker_broker_url": given.broker_url,
        "airflow_worker_role_id": given.role_id,
        "airflow_worker_wrapped_login": given.wrapped_login,
        "airflow_worker_bundle_password": given.bundle_password,
    }
