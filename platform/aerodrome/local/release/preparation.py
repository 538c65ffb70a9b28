"""What a deploy needs to know before it changes anything."""

from __future__ import annotations

import json
import os
import pwd
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import ValidationError

from aerodrome import names
from aerodrome.environment import Environment, environment_names, load_environment
from aerodrome.errors import Problem, ProblemsFound, UserError
from aerodrome.hosts.inventory import load_inventory
from aerodrome.local.machine import accounts, interpreter, ownership, state
from aerodrome.local.machine.platform import Platform
from aerodrome.local.release.targets import local_targets
from aerodrome.manifest.folder import tenant_folders
from aerodrome.manifest.tenant import TenantManifest
from aerodrome.manifest.tenant_checks import all_below_ceiling
from aerodrome.pipeline import Build, TenantBuild
from aerodrome.plan import Target
from aerodrome.progress import Progress
from aerodrome.runtime import Owner, Tools, Workshop, read_source
from aerodrome.runtime.uv import find_uv
from aerodrome.targets.bundle import BundleTarget
from aerodrome.targets.desired import desired
from aerodrome.targets.host_state import content_digest
from aerodrome.targets.runtimes import RuntimesTarget
from aerodrome.verify import verify


@dataclass(frozen=True)
class Preparation:
    """The desired platform, the checked bundle files, and the targets that bring them about."""

    platform: Platform
    build: Build
    runtimes: RuntimesTarget
    bundle: BundleTarget

    def targets(self) -> tuple[Target, ...]:
        """Return the targets in the order they are applied."""
        return local_targets(self.platform, self.runtimes, self.bundle)

    def desired(self) -> dict[str, str]:
        """Return part → digest of all that a deploy reads of this repository."""
        root, hosts = self.platform.layout.repository, self.platform.hosts
        more = {
            "platform": interpreter.source_digest(root),
            "requirements.lock": interpreter.packages_digest(root),
        }
        if hosts:
            more["ansible"] = content_digest(root / "ansible")
        return desired(self.platform.environment, self.build, self.runtimes.sources, hosts, more)

    def remember(self, kept_back: Collection[str] = ()) -> None:
        """Keep what was deployed: what a broken tenant.yaml falls back to, and what `status` looks at.

        Of the tenants *kept_back* it is what was deployed before.
        """
        layout, before = self.platform.layout, remembered(self.platform.layout)
        deployed = {name: model for name, model in self.platform.tenants.items() if name not in kept_back}
        deployed |= {name: model for name, model in before.items() if name in kept_back}
        models = {name: model.model_dump_json(by_alias=True) for name, model in deployed.items()}
        ownership.write_file(_memory(layout), json.dumps(models, sort_keys=True))
        ownership.write_file(_memory_of_environment(layout), self.platform.environment.model_dump_json())


def prepare(
    root: Path, environment_name: str, say: Progress, tenants: Collection[str] | None = None
) -> Preparation:
    """Load, check and compare: everything of a deploy that changes nothing; *tenants* limits what is built."""
    environment = local_environment(root, environment_name)
    hosts = load_inventory(root, environment).hosts
    layout = state.locate(root)
    state.require_not_foreign(layout)
    build = verify(root, environment_name, tenants=tenants, progress=say)
    if layout.root:
        build = without_foreign_users(build)
    platform = Platform(layout, environment, _tenants(root, build, environment), hosts=hosts)
    # What a broken tenant.yaml asks for is unknown: its tenant keeps the environment that it has.
    read = [tenant.tenant for tenant in build.tenants if tenant.model]
    sources = [source for name in read if (source := read_source(root / "tenants" / name))]
    runtimes = RuntimesTarget(
        sources, lambda progress: _workshop(platform, progress), platform.layout.runtimes
    )
    bundle = BundleTarget(platform.layout.bundle, build, lambda: runtimes.failed, root, environment)
    return Preparation(platform, build, runtimes, bundle)


def without_foreign_users(build: Build) -> Build:
    """Return *build* with the tenants left out, and told, whose user or group somebody else made on this machine."""
    return replace(build, tenants=tuple(_unless_foreign(tenant) for tenant in build.tenants))


def _unless_foreign(tenant: TenantBuild) -> TenantBuild:
    reason = accounts.why_foreign(names.os_user(tenant.tenant))
    if not reason:
        return tenant
    remedy = "rename the tenant's folder, or remove that user or group from this machine"
    problem = Problem(f"tenants/{tenant.tenant}", 0, 0, "", reason, remedy)
    return TenantBuild(tenant.tenant, (), (*tenant.problems, problem))


def deployed_platform(root: Path, environment_name: str) -> Platform:
    """Return the platform as it was deployed last, to look at, whatever environment and tenants say now."""
    layout = deployed_layout(root, environment_name)
    environment = _remembered_environment(layout) or local_environment(root, environment_name)
    return Platform(layout, environment, remembered(layout), looked_at=True)


def deployed_layout(root: Path, environment_name: str) -> state.Layout:
    """Return where *environment_name* is deployed: all that stopping needs, whatever its environment.yaml says now."""
    with suppress(ProblemsFound):
        local_environment(root, environment_name)
    layout = state.locate(root)
    state.require_not_foreign(layout)
    return layout


def local_environment(root: Path, name: str) -> Environment:
    """Return the environment; UserError where it is not one of processes on this machine."""
    environment = load_environment(root, name)
    if environment.kind != "local":
        raise UserError(
            f"{name} is no local environment, but one of kind {environment.kind}",
            f"make check ENV={name} and make inventory ENV={name} look at it; what this command does it does for"
            f" environments of processes on this machine{_named_local(root)}",
        )
    return environment


def _named_local(root: Path) -> str:
    found = []
    for name in environment_names(root):
        with suppress(ProblemsFound, UserError):
            found += [name] if load_environment(root, name).kind == "local" else []
    return f": ENV={', ENV='.join(found)}" if found else ""


def _tenants(root: Path, build: Build, environment: Environment) -> Mapping[str, TenantManifest]:
    built = {tenant.tenant: _model(tenant.model) for tenant in build.tenants if tenant.model}
    # A tenant whose tenant.yaml is broken keeps its roles, secrets and workers, under the ceiling of today.
    deployed, folders = remembered(state.locate(root)), tenant_folders(root)
    before = {
        name: all_below_ceiling(model, environment)
        for name, model in deployed.items()
        if name in folders and _has_own_user(name)
    }
    return dict(sorted((before | built).items()))


def _has_own_user(tenant: str) -> bool:
    return os.geteuid() != 0 or not accounts.why_foreign(names.os_user(tenant))


def _model(text: str) -> TenantManifest:
    return TenantManifest.model_validate_json(text)


def remembered(layout: state.Layout) -> dict[str, TenantManifest]:
    """Return the tenants as they were deployed last at *layout*."""
    try:
        stored = json.loads(_memory(layout).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    # What an earlier version of the platform kept may not be readable now; `down` and `destroy` must work still.
    return {name: model for name, text in stored.items() if (model := _model_or_none(text))}


def _model_or_none(text: str) -> TenantManifest | None:
    try:
        return _model(text)
    except ValidationError:
        return None


def _remembered_environment(layout: state.Layout) -> Environment | None:
    try:
        return Environment.model_validate_json(_memory_of_environment(layout).read_bytes())
    except (OSError, ValidationError):
        # Never deployed to the end, or by a version of the platform that knew other keys.
        return None


def _memory_of_environment(layout: state.Layout) -> Path:
    return layout.config / "environment.json"


def _memory(layout: state.Layout) -> Path:
    return layout.config / "tenants.json"


def _workshop(platform: Platform, progress: Progress) -> Workshop:
    layout = platform.layout
    # As root each tenant's environment is built by its own user, who cannot read this clone.
    uv = layout.venv / "bin" / "uv" if layout.root else find_uv()
    owners = {name: _owner(user) for name in platform.tenants if (user := platform.os_user(name))}
    tools = Tools(interpreter.base_python(layout), uv)
    fetcher = _owner(platform.accounts.fetcher) if platform.accounts.fetcher else None

    def say(tenant: str, text: str) -> None:
        progress(f"{tenant}: {text}")

    return Workshop(layout.runtimes, tools, owners, say, fetcher=fetcher)


def _owner(user: str) -> Owner:
    entry = pwd.getpwnam(user)
    return Owner(entry.pw_uid, entry.pw_gid)
