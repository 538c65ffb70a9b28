"""The desired state in digests, part by part: what a plan is for, and what is named when it has moved since. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING

from aerodrome.environment import Environment
from aerodrome.pipeline import Build, TenantBuild
from aerodrome.plan import digest_of, digest_of_text

if TYPE_CHECKING:
    from aerodrome.hosts.inventory import Host
    from aerodrome.runtime import RuntimeSource

HOSTS = "inventory"


def desired(
    environment: Environment,
    build: Build,
    sources: Iterable[RuntimeSource],
    hosts: Iterable[Host] = (),
    more: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Return part → digest: the environment, each tenant, the inventory; *more* is whatever else an apply reads."""
    runtimes = {source.tenant: source.digest for source in sources}
    named = {
        f"tenants/{tenant.tenant}": _of_tenant(tenant, runtimes.get(tenant.tenant, ""))
        for tenant in build.tenants
    }
    found = {"environment": digest_of_text(environment.model_dump_json()), **named, **(more or {})}
    listed = [_of_host(host) for host in hosts]
    return found | ({HOSTS: digest_of(listed)} if listed else {})


def _of_tenant(tenant: TenantBuild, runtime: str) -> str:
    files = {file.path: digest_of_text(file.text) for file in tenant.files}
    # What is broken keeps what was published of it, which is another wish than that it be gone.
    broken = sorted({problem.file for problem in tenant.problems})
    return digest_of([files, tenant.model, runtime, broken])


def _of_host(host: Host) -> dict[str, object]:
    # Where it stands in the file is for messages.
    return {key: value for key, value in asdict(host).items() if key not in ("line", "column")}
