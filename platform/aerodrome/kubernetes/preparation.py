"""What a deploy to a cluster needs to know before it changes anything."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from aerodrome import authority_files
from aerodrome.clients.git_remote import Remote, mirror
from aerodrome.environment import FOLDER, Environment, load_environment
from aerodrome.errors import Problem, UserError, counted
from aerodrome.files import machine_cache
from aerodrome.hosts.inventory import load_inventory
from aerodrome.images.platform_image import NAME as PLATFORM
from aerodrome.images.recipe import Recipe
from aerodrome.images.tenant_image import tenant_name
from aerodrome.kubernetes.as_deployed import Staying, last_deployed
from aerodrome.kubernetes.connection import connect
from aerodrome.kubernetes.values import merged
from aerodrome.manifest.load import load_repository
from aerodrome.manifest.loaded import LoadedTenant
from aerodrome.manifest.tenant import TenantManifest
from aerodrome.pipeline import Build
from aerodrome.plan import digest_of
from aerodrome.progress import Progress
from aerodrome.render import canary
from aerodrome.render.chart_values import chart_values, zones_with_pods
from aerodrome.runtime import RuntimeSource, read_source, runtime_problems
from aerodrome.secrets import access
from aerodrome.targets.bundle import BundleTarget, source_commit
from aerodrome.targets.desired import desired
from aerodrome.targets.host_state import content_digest
from aerodrome.targets.images import ImagesTarget, images_target
from aerodrome.targets.part import Part
from aerodrome.targets.remote_bundle import RemoteBundleTarget
from aerodrome.verify import verify

BUNDLES = Path(".aerodrome") / "bundles"


@dataclass(frozen=True)
class Preparation:
    """The desired platform: checked bundle files, the tenants, and the images that their code is in."""

    root: Path
    environment: Environment
    build: Build
    tenants: tuple[LoadedTenant, ...]
    images: ImagesTarget
    staying: Staying = field(default_factory=Staying)

    def values(self) -> dict[str, Any]:
        """Return the chart's values; UserError names images that the registry lacks."""
        found = self.images.digests()
        self._require(found)
        return values_of(self.root, self.environment, self.tenants, {**found, **self.staying.images})

    @property
    def digests(self) -> dict[str, str]:
        """Image → digest, of those that the registry has, and of those that stay."""
        known = {**self.images.digests(), **self.staying.images}
        return {name: found["digest"] for name, found in known.items()}

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Every mistake that keeps DAGs, or whole tenants, as they are."""
        return (*self.build.problems, *self.staying.problems)

    @property
    def names(self) -> tuple[str, ...]:
        """The tenants' names."""
        return tuple(tenant.name for tenant in self.tenants)

    @property
    def models(self) -> dict[str, TenantManifest]:
        """Tenant → its tenant.yaml."""
        return {tenant.name: tenant.model for tenant in self.tenants}

    def bundle(
        self, without: Callable[[], Collection[str]] = tuple, part: Part = Part.ALL
    ) -> RemoteBundleTarget:
        """Return the central DAG repository as a target; tenants *without* which it is published stay as they were."""
        remote = bundle_of(self.root, self.environment)
        own = {canary.PATH: canary.canary(self.environment)}

        def left() -> Collection[str]:
            return {*without(), *self.staying.tenants}

        here = BundleTarget(
            remote.mirror.path, self.build, left, self.root, self.environment, own=own, part=part
        )
        return RemoteBundleTarget(here, remote)

    @property
    def commit(self) -> str:
        """What the repository stands on."""
        return source_commit(self.root)

    def desired(self, values: Mapping[str, Any]) -> dict[str, str]:
        """Return part → digest of the desired state; *values* are those of the chart."""
        hosts = load_inventory(self.root, self.environment).hosts
        ansible = {"ansible": content_digest(self.root / "ansible")} if hosts else {}
        more = {"values": digest_of(values), **ansible}
        return desired(self.environment, self.build, self.sources, hosts, more)

    @property
    def sources(self) -> tuple[RuntimeSource, ...]:
        """The code of the tenants that have some, without those that stay as they were."""
        moving = (name for name in self.names if name not in self.staying.tenants)
        found = (read_source(self.root / "tenants" / name) for name in moving)
        return tuple(source for source in found if source)

    def _require(self, found: Mapping[str, Any]) -> None:
        missing = [recipe.name for recipe in self.images.recipes if recipe.name not in found]
        if missing:
            place, name = self.environment.images, self.environment.name
            assert place is not None
            said = f"{place.registry} lacks {counted(len(missing), 'image')} of this commit: {', '.join(missing)}"
            raise UserError(said, f"make images ENV={name} builds and pushes what is missing")


def values_of(
    root: Path,
    environment: Environment,
    tenants: Sequence[LoadedTenant],
    images: Mapping[str, Mapping[str, str]],
) -> dict[str, Any]:
    """Return the chart's values with the environment's own ones; *images*: name → repository and digest."""
    own = {tenant.name: images[name] for tenant in tenants if (name := tenant_name(tenant.name)) in images}
    authorities = access.authority(root, environment), _logs_authority(root, environment)
    rendered = chart_values(tenants, environment, own, *authorities)
    return merged(root, environment.name, {**rendered, "images": {"airflow": images[PLATFORM]}})


def _logs_authority(root: Path, environment: Environment) -> str:
    """Return the text of who signed the certificate of the store of logs, empty where it is a public authority."""
    s3 = environment.logs.s3
    if s3 is None or s3.ca_file is None:
        return ""
    path = root / FOLDER / environment.name / s3.ca_file
    return authority_files.required(path, "logs.s3.ca_file", path.relative_to(root))


def bundle_of(root: Path, environment: Environment) -> Remote:
    """Return the central DAG repository of *environment*, with its mirror on this machine."""
    settings = environment.bundle
    assert settings is not None
    return Remote(mirror(root / BUNDLES, environment.name), settings.repository)


def prepare(root: Path, name: str, say: Progress) -> Preparation:
    """Load, check and render: everything of a deploy that changes nothing.

    The cluster is asked for what was deployed of tenants that must stay so, and for nothing else.
    """
    environment = cluster_environment(root, name)
    build = verify(root, name, progress=say)
    built = {tenant.tenant for tenant in build.tenants if tenant.model}
    loaded = load_repository(root, environment).tenants
    read = tuple(tenant for tenant in loaded if tenant.name in built)
    wrong = {tenant.name for tenant in read if runtime_problems(root, tenant.name)}
    images, missing = _images(root, environment, [tenant for tenant in read if tenant.name not in wrong])
    unread = {tenant.tenant for tenant in build.tenants} - built
    staying, as_deployed = _stay(root, environment, unread, wrong | missing.keys())
    staying = replace(staying, problems=tuple(missing.values()))
    tenants = tuple(sorted((*read, *as_deployed), key=lambda tenant: tenant.name))
    return Preparation(root, environment, build, tenants, images, staying)


def _stay(
    root: Path, environment: Environment, unread: Collection[str], unfit: Collection[str]
) -> tuple[Staying, tuple[LoadedTenant, ...]]:
    """Return what stays as it was deployed, with the tenants *unread*, of which nothing else is known."""
    held = frozenset({*unread, *unfit})
    if not held:
        return Staying(), ()
    last = last_deployed(connect(root, environment))
    assert environment.images is not None
    return Staying(held, last.images(held, environment.images)), last.tenants(unread, environment)


def _images(
    root: Path, environment: Environment, tenants: Iterable[LoadedTenant]
) -> tuple[ImagesTarget, dict[str, Problem]]:
    """Return the images of the platform and of *tenants*, and why those are left out whose image is not there.

    Where the registry lacks the platform's nobody is left out: no tenant's image could be there.
    """
    assert environment.images is not None
    in_pods = {tenant_name(one.name): one.name for one in tenants if zones_with_pods(one, environment)}
    target = images_target(root, environment.images, tuple(in_pods.values()), machine_cache())
    found = target.digests()
    there = tuple(recipe for recipe in target.recipes if recipe.name in found)
    if there == target.recipes or PLATFORM not in found:
        return target, {}
    missing = (recipe for recipe in target.recipes if recipe.name not in found)
    return replace(target, recipes=there), {in_pods[one.name]: _unbuilt(one, environment) for one in missing}


def _unbuilt(recipe: Recipe, environment: Environment) -> Problem:
    assert environment.images is not None
    said = f"{environment.images.registry} lacks the image {recipe.name} of this commit"
    remedy = f"make images ENV={environment.name} builds and pushes it, or says what is wrong"
    return Problem(recipe.source, 0, 0, "", f"{said}: the tenant stays as it was deployed", remedy)


def cluster_environment(root: Path, name: str) -> Environment:
    """Return the environment; UserError where it is none in a cluster, or does not say what a deploy needs."""
    environment = load_environment(root, name)
    file = f"environments/{name}/environment.yaml"
    if environment.kind != "kubernetes":
        raise UserError(f"{name} is in no cluster, but of kind {environment.kind}", f"{file} says so")
    wanted = {"images": environment.images, "bundle": environment.bundle}
    if missing := [key for key, found in wanted.items() if found is None]:
        raise UserError(
            f"{file}: it does not say {' and '.join(f'`{key}`' for key in missing)}, which a deploy needs",
            "docs/reference/environment.md tells what belongs there",
        )
    return environment
