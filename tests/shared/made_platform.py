"""A repository with ENV=prod, whose registry has all images and whose cluster keeps what deploys leave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aerodrome.clients.cluster import Cluster
from aerodrome.clients.cluster_access import access
from aerodrome.environment import Environment, load_environment
from aerodrome.kubernetes.as_deployed import LastDeployed
from aerodrome.kubernetes.images import images_of
from aerodrome.kubernetes.preparation import Preparation, prepare
from aerodrome.kubernetes.record import Entry, Record, State
from aerodrome.progress import silent
from cluster_store import Store
from image_registry import DIGEST, ImageRegistry

THEN = "sha256:" + "7" * 64
"""Of an image that ran."""
LINKED = ("platform", "common_plugins", "ansible", "pyproject.toml", "bootstrap.lock", "requirements.lock")
ENVIRONMENT = """\
kind: kubernetes
zones: {{default: {{}}}}
queues: {{default: {{zone: default}}{queues}}}
alert_channels: {{central: {{type: file, target: central.jsonl}}}}
secrets: {{store: none}}
images: {{registry: '{registry}/x', base: 'base:1', plain_http: true}}
bundle: {{repository: {bundle}}}
"""


@dataclass(frozen=True)
class MadePlatform:
    """*place* with tenants that have code of their own: an empty lock."""

    place: Any
    registry: ImageRegistry
    store: Store

    @property
    def environment(self) -> Environment:
        """The environment as it is written now."""
        return load_environment(self.place.root, "prod")

    @property
    def last(self) -> LastDeployed:
        """What the last good deploy brought."""
        return LastDeployed(Cluster(access()), "airflow")

    def write(self, bundle: Path, more: str = "", queues: str = "") -> None:
        """Write the environment, whose DAGs are published to *bundle*, with more *queues* than one."""
        text = ENVIRONMENT.format(registry=self.registry.host, bundle=bundle, queues=queues) + more
        self.place.write("environments/prod/environment.yaml", text)

    def tenant(self, name: str, lock: str = "", more: str = "") -> None:
        """Write a tenant with a DAG and a lock."""
        self.place.tenant(name, "daily", more=f"dependencies: own.lock\n{more}")
        self.place.write(f"tenants/{name}/own.lock", lock)

    def push(self) -> None:
        """Have the registry hold all images that can be."""
        recipes = images_of(self.place.root, self.environment)[0].recipes
        self.registry.images |= {f"x/{one.name}:{one.tag}": DIGEST for one in recipes}

    def lose(self, *names: str) -> None:
        """Take images of these names off the registry."""
        kept = {key: digest for key, digest in self.registry.images.items() if key.split(":")[0] not in names}
        self.registry.images = kept

    def deployed(self, ran: Mapping[str, str]) -> Preparation:
        """Note that all tenants of now were deployed, with images that *ran*."""
        prepared = self.prepared()
        Record(self.last.cluster, "airflow").add(Entry("ada@desk", "c0ffee", State(1, "b"), dict(ran)))
        self.last.remember(prepared.models)
        return prepared

    def prepared(self) -> Preparation:
        """Return what a deploy of now begins with."""
        return prepare(self.place.root, "prod", silent)
