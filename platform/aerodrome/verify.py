"""The whole way from tenant folders to files that are fit to publish: build, then import each DAG."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from aerodrome.check import check_rendered
from aerodrome.check.rendered import TIME_LIMIT
from aerodrome.errors import Problem
from aerodrome.manifest.folder import tenant_folders
from aerodrome.pipeline import Build, TenantBuild, build, require_tenant
from aerodrome.progress import Progress
from aerodrome.runtime import runtime_digest, runtime_problems


def verify(
    root: Path,
    environment: str,
    *,
    tenants: Collection[str] | None = None,
    progress: Progress,
    time_limit: float = TIME_LIMIT,
) -> Build:
    """Return the bundle files that loaded, rendered and imported, with every problem of those that did not.

    Problems of the inventory of hosts are among them. *tenants* limits the answer to some folders; an unknown one
    raises UserError. An import that takes longer than *time_limit* seconds is a problem of its manifest.
    """
    known = tenant_folders(root)
    for name in tenants or ():
        require_tenant(root, name)
    cache = root / ".aerodrome" / "cache"
    made = build(root, environment, runtimes=_runtimes(root, known), cache=cache / "build" / environment)
    wanted = [tenant for tenant in made.tenants if tenants is None or tenant.tenant in tenants]
    files = [file for tenant in wanted for file in tenant.files]
    refused = [
        *check_rendered(files, cache=cache / "check", time_limit=time_limit, progress=progress),
        *(problem for tenant in wanted for problem in runtime_problems(root, tenant.tenant)),
    ]
    # A tenant that checks its own folder has no part in the hosts.
    hosts = _mistakes_in_hosts(root, environment) if tenants is None else ()
    return Build(tuple(_without(tenant, refused) for tenant in wanted), (*made.general, *hosts))


def _mistakes_in_hosts(root: Path, environment: str) -> tuple[Problem, ...]:
    if not (root / "environments" / environment / "inventory").exists():
        return ()
    # What only an environment with hosts needs is imported only there.
    from aerodrome.environment import load_environment
    from aerodrome.hosts.inventory import inventory_problems

    return inventory_problems(root, load_environment(root, environment))


def _runtimes(root: Path, tenants: Collection[str]) -> dict[str, str]:
    digests = {name: runtime_digest(root / "tenants" / name) for name in tenants}
    return {name: digest for name, digest in digests.items() if digest}


def _without(tenant: TenantBuild, refused: Collection[Problem]) -> TenantBuild:
    mine = [problem for problem in refused if problem.file.startswith(f"tenants/{tenant.tenant}/")]
    bad = {problem.file for problem in mine}
    files = tuple(file for file in tenant.files if file.source not in bad or not file.dag_id)
    return replace(tenant, files=files, problems=(*tenant.problems, *mine))
