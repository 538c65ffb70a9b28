"""Find the catalogue's entries: each module of this package that defines one."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType, ModuleType

from common_plugins.catalogue.base import CatalogueEntry

# The package's own machinery; every other module is an entry.
MACHINERY = frozenset({"base", "durations", "registry", "reference", "waiting"})


def module_names() -> tuple[str, ...]:
    """Return the names of the modules that define an entry, sorted."""
    found = (module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]))
    return tuple(sorted(set(found) - MACHINERY))


@cache
def entries() -> Mapping[str, type[CatalogueEntry]]:
    """Return every entry by the name that manifests use, sorted by name."""
    found = {item.uses: item for name in module_names() for item in _entries_of(name)}
    return MappingProxyType(dict(sorted(found.items())))


def entry(uses: str) -> type[CatalogueEntry]:
    """Return the entry that a manifest's *uses* names; KeyError where there is none."""
    return entries()[uses]


def _entries_of(name: str) -> Iterator[type[CatalogueEntry]]:
    module = importlib.import_module(f"common_plugins.catalogue.{name}")
    return (item for item in vars(module).values() if _is_defined_in(module, item))


def _is_defined_in(module: ModuleType, item: object) -> bool:
    return isinstance(item, type) and issubclass(item, CatalogueEntry) and item.__module__ == module.__name__
