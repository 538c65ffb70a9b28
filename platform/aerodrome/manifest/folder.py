"""The files of a tenant's folder, and what must not be among them."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from aerodrome.errors import Problem, UserError, did_you_mean
from aerodrome.names import why_no_tenant

TENANTS = "tenants"
MANIFEST = "tenant.yaml"
DAGS = "dags"
ENDINGS = (".yaml", ".json")
# Made by tools, never shipped.
IGNORED = frozenset(
    {
        ".venv",
        ".git",
        "__pycache__",
        ".pytest_cache",
        ".mypy_cache",
        ".ruff_cache",
        ".hypothesis",
        "node_modules",
    }
)


@dataclass(frozen=True)
class TenantFolder:
    """A tenant's folder: *file* is its path in the repository; *manifests* are file names in its dags/."""

    name: str
    path: Path
    file: str
    manifests: tuple[str, ...]
    problems: tuple[Problem, ...]
    unsafe: bool
    """A link outside dags/ could carry foreign files into the tenant's package."""


def tenant_folders(root: Path) -> tuple[str, ...]:
    """Return the names of the tenant folders below *root*, sorted; badly named ones are left out.

    A link is among them: `read_folders` refuses it, and it is no tenant that was removed.
    """
    found = (entry for entry in _listed(root) if entry.is_symlink() or entry.is_dir())
    return tuple(entry.name for entry in found if not why_no_tenant(entry.name))


def read_folders(
    root: Path, wanted: Collection[str] | None
) -> tuple[tuple[TenantFolder, ...], tuple[Problem, ...]]:
    """Return the wanted tenants' folders below *root*, sorted, and the mistakes in the names of all."""
    misnamed = tuple(found for entry in _listed(root) if (found := _misnamed(entry)))
    names = [name for name in tenant_folders(root) if not (root / TENANTS / name).is_symlink()]
    for name in wanted or ():
        if name not in names and not any(found.file == f"{TENANTS}/{name}" for found in misnamed):
            raise UserError(f"no tenant is named '{name}'", did_you_mean(name, names))
    return tuple(_folder(root, name) for name in names if wanted is None or name in wanted), misnamed


def _listed(root: Path) -> list[os.DirEntry[str]]:
    try:
        return sorted(os.scandir(root / TENANTS), key=lambda entry: entry.name)
    except OSError as problem:
        raise UserError(
            f"{root / TENANTS}: {os.strerror(problem.errno or 0)}", "run the command in the repository"
        ) from None


def _misnamed(entry: os.DirEntry[str]) -> Problem | None:
    file = f"{TENANTS}/{_printable(entry.name)}"
    if entry.name in IGNORED or entry.name.startswith("."):
        return None
    if entry.is_symlink():
        return Problem(file, 0, 0, "", "a symbolic link", "a tenant is a folder of this repository")
    if entry.is_dir() and (reason := why_no_tenant(entry.name)):
        return Problem(file, 0, 0, "", f"'{_printable(entry.name)}' cannot name a tenant", reason)
    return None


def _folder(root: Path, name: str) -> TenantFolder:
    path = root / TENANTS / name
    file = f"{TENANTS}/{name}"
    links = tuple(_links(str(path), file))
    manifests, odd = _manifests(path / DAGS, f"{file}/{DAGS}")
    unsafe = any(not problem.file.startswith(f"{file}/{DAGS}/") for problem in links)
    return TenantFolder(name, path, file, manifests, (*links, *odd), unsafe)


def _links(path: str, file: str) -> Iterator[Problem]:
    for entry in _entries(path):
        shown = f"{file}/{_printable(entry.name)}"
        if entry.name in IGNORED:
            continue
        if entry.is_symlink():
            yield Problem(
                shown,
                0,
                0,
                "",
                f"a symbolic link to {_printable(str(Path(entry.path).readlink()))}",
                "put the file itself here",
            )
        elif entry.is_dir():
            yield from _links(entry.path, shown)


def _manifests(folder: Path, file: str) -> tuple[tuple[str, ...], tuple[Problem, ...]]:
    entries = [
        entry for entry in _entries(folder) if not entry.name.startswith(".") and not entry.is_symlink()
    ]
    problems = [problem for entry in entries if (problem := _odd(entry, f"{file}/{_printable(entry.name)}"))]
    odd = {problem.file for problem in problems}
    names = [
        entry.name for entry in entries if entry.name.endswith(ENDINGS) and f"{file}/{entry.name}" not in odd
    ]
    return tuple(names), tuple(problems)


def _odd(entry: os.DirEntry[str], file: str) -> Problem | None:
    stem, ending = Path(entry.name).stem, Path(entry.name).suffix
    if entry.is_dir():
        inner = next((e for e in _entries(entry.path) if e.name.endswith((".yaml", ".yml"))), None)
        if ending in ENDINGS:
            return Problem(file, 0, 0, "", "a folder with the name of a manifest", "rename the folder")
        remedy = f"manifests stand directly in {DAGS}/"
        return inner and Problem(
            f"{file}/{_printable(inner.name)}", 0, 0, "", "a manifest in a folder is not read", remedy
        )
    if ending == ".py":
        remedy = "write a manifest; Python belongs into src/ and is called by python.call"
        return Problem(
            file, 0, 0, "", "hand-written DAG files are not accepted (python_dags will come)", remedy
        )
    if ending.lower() in (".yml", ".yaml", ".json") and ending not in ENDINGS:
        right = ".json" if ending.lower() == ".json" else ".yaml"
        return Problem(
            file, 0, 0, "", f"a manifest's name ends in {right}", f"rename it to {_printable(stem)}{right}"
        )
    if ending in ENDINGS and _printable(entry.name) != entry.name:
        return Problem(file, 0, 0, "", "a file name with unprintable characters", "rename the file")
    return None


def _entries(path: str | Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(path) as found:
            return sorted(found, key=lambda entry: entry.name)
    except OSError:
        # No dags/ at all is a tenant without DAGs; what cannot be listed shows when a file in it is read.
        return []


def _printable(name: str) -> str:
    return "".join(character if character.isprintable() else "�" for character in name)
