"""One connection or variable that security staff write: which it may be, where it goes, and who may use it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from aerodrome import names
from aerodrome.environment import Environment
from aerodrome.errors import ProblemsFound, UserError, did_you_mean
from aerodrome.manifest.load import load_repository
from aerodrome.manifest.tenant import TenantManifest
from aerodrome.secrets import usable
from aerodrome.secrets.connection_types import TYPES
from aerodrome.secrets.values import PATHS

Kind = Literal["connection", "variable"]


@dataclass(frozen=True)
class Request:
    """What somebody asked to write, by name; the *type* of a tenant's connection stands in its tenant.yaml."""

    tenant: str
    name: str
    kind: Kind = "connection"
    type: str = ""


@dataclass(frozen=True)
class Entry:
    """A place for one secret. *type* is a connection's; *model* is None for what all tenants share."""

    environment: Environment
    tenant: str
    model: TenantManifest | None
    kind: Kind
    name: str
    type: str = ""

    @property
    def path(self) -> str:
        """Return its path in the store."""
        return PATHS[self.kind](self.environment.name, self.tenant, self.name)

    @property
    def title(self) -> str:
        """Return what people and Airflow call it."""
        return f"{self.kind} {self.tenant}{names.SEPARATOR}{self.name}"

    def queues(self) -> tuple[str, ...]:
        """Return the queues whose tasks may use it, sorted."""
        if self.model is None:
            return tuple(sorted(name for name, queue in self.environment.queues.items() if queue.tenants))
        if self.kind == "connection":
            return usable.queues_using(self.environment, self.model, self.name)
        return tuple(sorted(self.model.queues))

    def policies(self) -> dict[str, str]:
        """Return zone → name of the policy that must name the secret; none for what all tenants share."""
        if self.model is None:
            return {}
        zones = {self.environment.queues[queue].zone for queue in self.queues()}
        return {zone: names.tenant_policy(self.environment.name, zone, self.tenant) for zone in sorted(zones)}


def entry(root: Path, environment: Environment, request: Request) -> Entry:
    """Return the place that *request* names; UserError where nobody asked for such a secret."""
    tenant, name, kind = request.tenant, request.name, request.kind
    if tenant == names.GLOBAL:
        return _shared(environment, request)
    model = model_of(root, environment, tenant)
    file = f"tenants/{tenant}/tenant.yaml"
    if kind == "variable":
        _require_named(name, kind, model.variables, f"{file} under variables")
        return Entry(environment, tenant, model, kind, name)
    _require_named(name, kind, model.connections, f"{file} under connections")
    _require_not_made(environment, name)
    own = model.connections[name].type
    if request.type not in ("", own):
        remedy = "leave TYPE out, or have the file corrected"
        raise UserError(f"{file} says that {name} is of type {own}, not {request.type}", remedy)
    return Entry(environment, tenant, model, kind, name, own)


def model_of(root: Path, environment: Environment, tenant: str) -> TenantManifest:
    """Return the tenant.yaml of *tenant* as it is in *environment*."""
    loaded = load_repository(root, environment, [tenant])
    for found in loaded.tenants:
        if found.name == tenant:
            return found.model
    raise ProblemsFound(
        problem for problem in loaded.problems if problem.file.startswith(f"tenants/{tenant}")
    )


def who_may_use(found: Entry) -> str:
    """Return who may use the secret as a sentence."""
    queues = found.queues()
    if not queues:
        return f"no task may use it: {_nobody(found)}"
    offered = found.environment.queues
    personal = " (for personal data)" if all(offered[queue].personal_data for queue in queues) else ""
    zones = sorted({offered[queue].zone for queue in queues})
    whose = "of every tenant" if found.model is None else f"of {found.tenant}"
    return (
        f"may be used by tasks {whose} on {_several('queue', queues)} in {_several('zone', zones)}{personal}"
    )


def _nobody(found: Entry) -> str:
    return f"tenants/{found.tenant}/tenant.yaml names no queue of this environment for it"


def _several(what: str, found: Iterable[str]) -> str:
    listed = list(found)
    return f"the {what}{'s' if len(listed) > 1 else ''} {', '.join(listed)}"


def _shared(environment: Environment, request: Request) -> Entry:
    name, kind, type_ = request.name, request.kind, request.type
    settings = environment.secrets
    listed = settings.global_connections if kind == "connection" else settings.global_variables
    file = f"environments/{environment.name}/environment.yaml"
    _require_named(name, kind, listed, f"{file} under secrets.global_{kind}s")
    if kind == "connection" and type_ not in TYPES:
        said = f"unknown type '{type_}'" if type_ else "a shared connection needs a type"
        raise UserError(said, f"TYPE= {did_you_mean(type_, TYPES)}")
    return Entry(environment, names.GLOBAL, None, kind, name, type_ if kind == "connection" else "")


def _require_named(name: str, kind: Kind, listed: Iterable[str], where: str) -> None:
    known = sorted(listed)
    if name not in known:
        hint = did_you_mean(name, known) if known else f"it names no {kind}"
        raise UserError(
            f"no {kind} '{name}' is named in {where}", f"{hint}   to add it is the tenant's to ask for"
        )


def _require_not_made(environment: Environment, name: str) -> None:
    if environment.local and name in environment.local.connections:
        raise UserError(
            f"each deploy makes the connection '{name}' itself, for every tenant that names it",
            f"environments/{environment.name}/environment.yaml, local.connections, says so",
        )
