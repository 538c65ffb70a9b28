"""An environment as the repository declares it: its settings, the chart's values, tenants, DAGs and hosts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from aerodrome.bundle import tenant_of
from aerodrome.environment import Environment, load_environment
from aerodrome.environment_difference.leaves import Leaves, leaves
from aerodrome.errors import Problem
from aerodrome.files import machine_cache
from aerodrome.hosts.inventory import Host, load_inventory
from aerodrome.images.platform_image import NAME as PLATFORM
from aerodrome.kubernetes.preparation import values_of
from aerodrome.kubernetes.values import values_file
from aerodrome.manifest.folder import tenant_folders
from aerodrome.manifest.load import load_repository
from aerodrome.manifest.loaded import LoadedTenant
from aerodrome.pipeline import Build, build
from aerodrome.plan import digest_of_text
from aerodrome.policy.limits import FILE_NAME
from aerodrome.render.chart_values import zones_with_pods
from aerodrome.runtime import runtime_digest
from aerodrome.source.document import read_document
from aerodrome.targets.images import images_target

_CACHE = Path(".aerodrome") / "cache" / "build"
_DIGITS = 12
# Each file names the policy that it was rendered under: that differs wherever a limit does, and stands there itself.
_POLICY = re.compile(r"^# Policy .*\n", re.MULTILINE)
_SECRET = re.compile(r"pass|secret|token|key|credential|auth|private|pwd|connection", re.IGNORECASE)
_LOGIN = re.compile(r"://[^/\s]*@")
_NOTHING = ("null", "", "[]", "{}")
_OF_A_PLACE = ("line", "column", "name")


@dataclass(frozen=True)
class Declared:
    """Name → value of each part; *limits* by tenant, *dags*: DAG → digest of its file, *hosts* by host.

    *values* are the chart's, empty where there is no cluster; those named in *secret* are shown to nobody.
    *problems* keep DAGs out of this.
    """

    environment: Environment
    settings: Leaves
    values: Leaves = field(repr=False)
    secret: frozenset[str]
    limits: Mapping[str, Leaves]
    dags: Mapping[str, str]
    hosts: Mapping[str, Leaves]
    problems: tuple[Problem, ...]


def declared(root: Path, name: str) -> Declared:
    """Return the environment *name* as it is declared below *root*; nothing but files is read."""
    environment = load_environment(root, name)
    runtimes = {tenant: digest for tenant in tenant_folders(root) if (digest := _runtime(root, tenant))}
    made = build(root, name, runtimes=runtimes, cache=root / _CACHE / name)
    return Declared(
        environment,
        _said(environment.model_dump(mode="json", exclude={"name"})),
        _values(root, environment) if environment.kind == "kubernetes" else {},
        _secret(root, environment),
        dict(_limits(made)),
        {dag.dag_id: _digest(dag.text) for dag in made.dags},
        {host.name: _host(host) for host in load_inventory(root, environment).hosts},
        made.problems,
    )


def _runtime(root: Path, tenant: str) -> str | None:
    return runtime_digest(root / "tenants" / tenant)


def _limits(made: Build) -> Iterable[tuple[str, Leaves]]:
    for path, text in made.files.items():
        if path.endswith(f"/{FILE_NAME}"):
            found = json.loads(text)
            del found["tenant"], found["environment"]
            yield tenant_of(path), leaves(found)


def _digest(text: str) -> str:
    return digest_of_text(_POLICY.sub("", text, count=1))[:_DIGITS]


def _host(host: Host) -> Leaves:
    return _said({key: value for key, value in asdict(host).items() if key not in _OF_A_PLACE})


def _said(model: Mapping[str, Any]) -> Leaves:
    """Return the leaves of *model* that say something: to a model of ours null is what is left out."""
    return {name: text for name, text in leaves(model).items() if text not in _NOTHING}


def _values(root: Path, environment: Environment) -> Leaves:
    tenants = load_repository(root, environment).tenants
    return leaves(values_of(root, environment, tenants, _images(root, environment, tenants)))


def _images(
    root: Path, environment: Environment, tenants: Iterable[LoadedTenant]
) -> dict[str, dict[str, str]]:
    """Return image → where it is, and its tag, which follows from what it is made of; the registry is not asked."""
    settings = environment.images
    if settings is None:
        return {PLATFORM: {}}
    in_pods = [tenant.name for tenant in tenants if zones_with_pods(tenant, environment)]
    recipes = images_target(root, settings, in_pods, machine_cache()).recipes
    return {one.name: {"repository": f"{settings.registry}/{one.name}", "tag": one.tag} for one in recipes}


def _secret(root: Path, environment: Environment) -> frozenset[str]:
    """Return the names of values that may be secrets; they can stand in the environment's own file of values alone."""
    path = values_file(root, environment.name)
    data: Any = read_document(path, str(path.relative_to(root))).data if path.exists() else None
    own = leaves(data or {})
    return frozenset(name for name, text in own.items() if _may_be_secret(name, text))


def _may_be_secret(name: str, text: str) -> bool:
    # A text of several lines is a file, in which anything may stand.
    return bool(_SECRET.search(f"{name} {text}") or _LOGIN.search(text) or "\n" in text)
