"""Tenants that stay as they were deployed: a mistake of one tenant changes nothing of it, and stops nobody's deploy."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from pydantic import ValidationError

from aerodrome.clients.cluster import MERGE_PATCH, Cluster, Object
from aerodrome.environment import Environment
from aerodrome.errors import Problem, UserError
from aerodrome.image_settings import ImagesSettings
from aerodrome.images.tenant_image import tenant_name
from aerodrome.kubernetes.connection import Connection
from aerodrome.kubernetes.record import Record
from aerodrome.manifest.folder import MANIFEST, TENANTS
from aerodrome.manifest.loaded import LoadedTenant
from aerodrome.manifest.tenant import TenantManifest
from aerodrome.manifest.tenant_checks import all_below_ceiling

NAME = "aerodrome-tenants"
_KEY = "tenants.json"
_LABELS = {"app.kubernetes.io/managed-by": "aerodrome"}


@dataclass(frozen=True)
class Staying:
    """Tenants of which nothing new is published; *images* are those that they keep: name → repository and digest.

    *problems* tell what keeps them so and is told nowhere else.
    """

    tenants: frozenset[str] = frozenset()
    images: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class LastDeployed:
    """What the last good deploy to one environment brought of its tenants; who writes has its lease."""

    cluster: Cluster
    namespace: str

    def tenants(self, names: Collection[str], environment: Environment) -> tuple[LoadedTenant, ...]:
        """Return those of *names* as they were deployed, without DAGs, under what *environment* allows today.

        Who was never deployed is not among them. UserError where nobody knows what was deployed of one: it must not
        lose what it has.
        """
        known = self._kept(names, environment) if names else {}
        found = {name: _read(known[name]) for name in sorted(names) if name in known}
        if unread := [name for name, model in found.items() if model is None]:
            raise _unknown(unread, environment)
        return tuple(
            LoadedTenant(name, f"{TENANTS}/{name}", all_below_ceiling(model, environment), ())
            for name, model in found.items()
            if model
        )

    def images(self, tenants: Collection[str], settings: ImagesSettings) -> dict[str, dict[str, str]]:
        """Return image → `repository` and `digest` of those that the pods of *tenants* ran in."""
        entries = Record(self.cluster, self.namespace).entries() if tenants else ()
        ran = entries[-1].images if entries else {}
        return {
            name: {"repository": f"{settings.registry}/{name}", "digest": ran[name]}
            for name in map(tenant_name, sorted(tenants))
            if name in ran
        }

    def remember(self, deployed: Mapping[str, TenantManifest]) -> None:
        """Keep the manifests of a deploy that has ended well; they hold no secret."""
        said = {name: model.model_dump(mode="json", by_alias=True) for name, model in deployed.items()}
        data, before = {_KEY: json.dumps(said, sort_keys=True)}, self._found()
        if before is None:
            body = {"metadata": {"name": NAME, "labels": _LABELS}, "data": data}
            self.cluster.request("POST", self._place, body=body)
        elif before.get("data") != data:
            self.cluster.request("PATCH", f"{self._place}/{NAME}", body={"data": data}, headers=MERGE_PATCH)

    def _kept(self, names: Collection[str], environment: Environment) -> dict[str, object]:
        """Return tenant → its manifest as it is kept; nothing before the first deploy."""
        found = self._found()
        if found is None and not Record(self.cluster, self.namespace).entries():
            return {}
        kept = _document(((found or {}).get("data") or {}).get(_KEY, ""))
        if not isinstance(kept, dict):
            raise _unknown(names, environment)
        return kept

    def _found(self) -> Object | None:
        return self.cluster.find(f"{self._place}/{NAME}")

    @property
    def _place(self) -> str:
        return f"/api/v1/namespaces/{self.namespace}/configmaps"


def last_deployed(connection: Connection) -> LastDeployed:
    """Return what the last good deploy to the environment of *connection* brought; nothing is asked yet."""
    return LastDeployed(connection.cluster, connection.environment.cluster.namespace)


def _document(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _read(kept: object) -> TenantManifest | None:
    try:
        return TenantManifest.model_validate_json(json.dumps(kept))
    except ValidationError:
        # Of a version of the platform that knew other keys.
        return None


def _unknown(names: Collection[str], environment: Environment) -> UserError:
    folders = ", ".join(f"{TENANTS}/{name}" for name in sorted(names))
    return UserError(
        f"{folders}: {MANIFEST} cannot be read, and ConfigMap {NAME} does not say what was deployed of it",
        f"make check ENV={environment.name} shows what is wrong: mend it, or remove the folder",
    )
