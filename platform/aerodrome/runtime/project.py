"""What a tenant's pyproject.toml says of uv and of the package's builder."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aerodrome.errors import UserError
from aerodrome.runtime.content import content
from aerodrome.runtime.lock_rules import canonical

PROJECT = "pyproject.toml"
BUILDER = "uv_build"
# What says which versions are wanted. What names an index, a folder or a program has no place here: a login of the
# platform would be sent there.
_OF_UV = frozenset(
    {
        "build-backend", "conflicts", "constraint-dependencies", "default-groups", "dependency-groups",
        "dependency-metadata", "dev-dependencies", "environments", "exclude-dependencies", "exclude-newer",
        "exclude-newer-package", "fork-strategy", "no-binary-package", "override-dependencies", "package",
        "prerelease", "required-environments", "required-version", "resolution",
    }
)  # fmt: skip
_REQUIREMENT = re.compile(rf"{BUILDER}\b[^@;]*", re.IGNORECASE)
OWN_BUILDER = f'\n[build-system]\nrequires = ["{BUILDER}"]\nbuild-backend = "{BUILDER}"\n'


def read_project(folder: Path) -> dict[str, Any]:
    """Return the tenant's pyproject.toml; nothing where there is none that can be read."""
    try:
        return tomllib.loads(content(folder / PROJECT).decode())
    except (ValueError, RecursionError):
        return {}


def table(document: Any, *keys: str) -> dict[str, Any]:
    """Return a table within a table; an empty one where there is none."""
    for key in keys:
        document = document.get(key) if isinstance(document, dict) else None
    return document if isinstance(document, dict) else {}


def built_packages(folder: Path) -> frozenset[str]:
    """Return the packages that the tenant has built from source: `[tool.uv] no-binary-package`."""
    named = table(read_project(folder), "tool", "uv").get("no-binary-package")
    names = named if isinstance(named, list) else ()
    return frozenset(canonical(name) for name in names if isinstance(name, str))


def require_plain_settings(folder: Path) -> None:
    """Raise UserError where the tenant's settings of uv say more than which versions are wanted."""
    place = f"tenants/{folder.name}"
    if os.path.lexists(folder / "uv.toml"):
        remedy = f"remove it; [tool.uv] of {PROJECT} says which versions are wanted"
        raise UserError(f"{place}/uv.toml: not used here", remedy)
    if odd := sorted(table(read_project(folder), "tool", "uv").keys() - _OF_UV):
        message = f"{place}/{PROJECT}: tool.uv.{odd[0]}: a tenant says which versions it wants, not from where or how"
        raise UserError(message, f"remove it; allowed: {', '.join(sorted(_OF_UV))}")


def has_builder(folder: Path) -> bool:
    """Return whether pyproject.toml names what builds the package."""
    return "build-system" in read_project(folder)


def builder_mistakes(folder: Path) -> Iterator[str]:
    """Yield what is wrong with the package's builder: any but uv's own would run code during a deploy."""
    system = read_project(folder).get("build-system", {"build-backend": BUILDER, "requires": [BUILDER]})
    backend, requires = table(system).get("build-backend"), table(system).get("requires")
    if backend != BUILDER or "backend-path" in table(system):
        yield f"build-system.build-backend: only '{BUILDER}' builds a tenant's package"
    elif not isinstance(requires, list) or not all(_is_builder(one) for one in requires):
        yield f"build-system.requires: '{BUILDER}' needs nothing else"


def _is_builder(requirement: object) -> bool:
    return isinstance(requirement, str) and _REQUIREMENT.fullmatch(requirement.replace("-", "_")) is not None
