"""What the checks of one DAG look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from aerodrome.environment import Environment
from aerodrome.manifest.dag import DagManifest, Task
from aerodrome.manifest.folder import TenantFolder
from aerodrome.manifest.functions import Functions
from aerodrome.manifest.inclusion import Inclusions
from aerodrome.manifest.tenant import TenantManifest
from aerodrome.source.document import Document
from aerodrome.source.report import Report
from common_plugins.catalogue.base import CatalogueEntry

Catalogue = Mapping[str, type[CatalogueEntry]]


@dataclass(frozen=True)
class Surroundings:
    """Everything outside a manifest that its checks look at; *tenant* is None where tenant.yaml is broken."""

    environment: Environment
    environments: tuple[str, ...]
    catalogue: Catalogue
    folder: TenantFolder
    functions: Functions
    tenant: TenantManifest | None


@dataclass(frozen=True)
class Draft:
    """A manifest that is being checked. What does not fit the model is left out of *model*, and reported.

    *tasks* are (place in the file's list, task); *ids* are those of all tasks and groups, broken ones too;
    *connected*: what says which task comes before which has no mistake of shape.
    """

    around: Surroundings
    document: Document
    model: DagManifest
    tasks: tuple[tuple[int, Task], ...]
    ids: frozenset[str]
    connected: bool
    inclusions: Inclusions
    report: Report
    parameters: dict[str, CatalogueEntry] = field(default_factory=dict)
