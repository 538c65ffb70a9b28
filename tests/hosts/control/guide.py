"""What docs/how-to/add-worker.md has its readers type, taken from the page itself, and what it shows them."""

from __future__ import annotations

import shutil
from functools import cache
from itertools import groupby
from pathlib import Path

import yaml
from fleet.lab import REPOSITORY

PAGE = REPOSITORY / "docs/how-to/add-worker.md"
TENANT = "routes"
_INDENT = "    "


def typed(command: str) -> str:
    """Return *command*; AssertionError where the page has no such line."""
    lines = [line.partition("  # ")[0].rstrip() for block in _blocks() for line in block.splitlines()]
    assert command in lines, f"{PAGE.name} says nothing of: {command}"
    return command


def shown(beginning: str) -> str:
    """Return the one block of the page that begins so."""
    (found,) = (block for block in _blocks() if block.startswith(beginning))
    return found


def add_example(root: Path) -> None:
    """Put the page's tenant into *root* with the DAG that the page runs; the others want many packages."""
    folder = root / "tenants" / TENANT
    (folder / "dags").mkdir(parents=True)
    shutil.copy2(REPOSITORY / "tenants" / TENANT / "dags/where.yaml", folder / "dags")
    tenant = yaml.safe_load((REPOSITORY / "tenants" / TENANT / "tenant.yaml").read_text(encoding="utf-8"))
    del tenant["dependencies"]
    (folder / "tenant.yaml").write_text(yaml.safe_dump(tenant, sort_keys=False), encoding="utf-8")


@cache
def _blocks() -> tuple[str, ...]:
    """Return the page's blocks of code, without their indentation."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    groups = groupby(lines, key=lambda line: line.startswith(_INDENT))
    return tuple("\n".join(line.removeprefix(_INDENT) for line in found) for code, found in groups if code)
