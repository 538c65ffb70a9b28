"""The operators that manifests may name in `uses`."""

from common_plugins.catalogue.registry import entries, entry

__all__ = ["entries", "entry"]
