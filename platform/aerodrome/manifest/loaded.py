"""What the loader hands on: models that are checked, with the places they came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from aerodrome.errors import Problem
from aerodrome.manifest.dag import DagManifest
from aerodrome.manifest.tenant import TenantManifest
from aerodrome.source.place import Path
from common_plugins.catalogue.base import CatalogueEntry


class Positions(Protocol):
    """Where each key of a file stands."""

    def locate(self, path: Path) -> tuple[int, int]:
        """Return line and column, from 1, of *path* or of its nearest known ancestor."""


@dataclass(frozen=True)
class LoadedDag:
    """One manifest: its *path* in the repository, the merged *model*, each task's typed *parameters*."""

    path: str
    source_digest: str
    model: DagManifest
    positions: Positions
    parameters: Mapping[str, CatalogueEntry]


@dataclass(frozen=True)
class LoadedTenant:
    """One tenant: *dags* are its manifests without a mistake, *refused* what can be read of the others.

    A refused manifest is never rendered; it is there so that the policy's mistakes are told together with its own.
    """

    name: str
    folder: str
    model: TenantManifest
    dags: tuple[LoadedDag, ...]
    refused: tuple[LoadedDag, ...] = ()


@dataclass(frozen=True)
class LoadResult:
    """All tenants and all mistakes of one run."""

    tenants: tuple[LoadedTenant, ...]
    problems: tuple[Problem, ...]
