"""What a tenant's virtual environment is made of, and the digest that names it."""

from __future__ import annotations

import hashlib
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aerodrome.errors import Problem, ProblemsFound

PYTHON_VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
DIGEST_PATTERN = r"^[0-9a-f]{16}$"
# None of these is part of the installed package: an edit in them leaves the environment as it is.
_NOT_PACKAGE = frozenset({"dags", "tests", "tenant.yaml", "build", "dist"})
_ADDRESS = re.compile(r"https?://|^\s*(-i|-f|--index-url|--extra-index-url|--find-links)\b", re.MULTILINE)


@dataclass(frozen=True)
class RuntimeSource:
    """The lock and the package of one tenant; *files* are the package's, relative to *folder*."""

    tenant: str
    folder: Path
    lock: Path | None
    files: tuple[str, ...]
    layer: str
    """Names the environment without the tenant's own package; it stays while only the package changes."""
    digest: str


def read_source(folder: Path) -> RuntimeSource | None:
    """Return what the virtual environment of the tenant in *folder* is made of; None where it needs none."""
    name = _lock_name(folder)
    lock = folder / name if name else None
    files = tuple(_package_files(folder)) if (folder / "src").is_dir() else ()
    if lock is None and not files:
        return None
    layer = _digest(["layer", PYTHON_VERSION], [lock] if lock else [])
    digest = _digest(["runtime", layer, *files], [folder / file for file in files])
    return RuntimeSource(folder.name, folder, lock, files, layer, digest)


def runtime_digest(folder: Path) -> str | None:
    """Return the name of the tenant's virtual environment, or None where the tenant needs none.

    The name follows from the bytes of the lock and of the package and from Python's version. No mistake of a
    tenant raises anything here; `runtime_problems` finds those.
    """
    source = read_source(folder)
    return source.digest if source else None


def runtime_problems(root: Path, tenant: str) -> tuple[Problem, ...]:
    """Return every mistake in the lock and the package of *tenant* that shows without building them."""
    folder = root / "tenants" / tenant
    found = [*_lock_problems(folder), *_package_problems(folder)]
    return tuple(
        Problem(f"tenants/{tenant}/{file}", 0, 0, "", message, remedy) for file, message, remedy in found
    )


def package_name(folder: Path) -> str:
    """Return the name that pyproject.toml gives the tenant's package, or an empty text."""
    name = _pyproject(folder).get("project", {}).get("name", "")
    return name if isinstance(name, str) else ""


def _lock_name(folder: Path) -> str | None:
    # Only where a tenant changed is a manifest read again: then the reader is loaded.
    from aerodrome.source.document import read_document

    try:
        content = read_document(folder / "tenant.yaml", "tenant.yaml").data
    except ProblemsFound:
        # No mistake is told here: the loader does that.
        return None
    name = content.get("dependencies") if isinstance(content, dict) else None
    return name if isinstance(name, str) and _is_plain(name) else None


def _is_plain(name: str) -> bool:
    return bool(name) and "/" not in name and not name.startswith(".")


def _package_files(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if (path.is_file() or path.is_symlink()) and not _is_left_out(parts, folder):
            yield "/".join(parts)


def _is_left_out(parts: tuple[str, ...], folder: Path) -> bool:
    if parts[0] in _NOT_PACKAGE or any(_is_debris(part) for part in parts):
        return True
    # A README belongs to the package only where pyproject.toml says so.
    return len(parts) == 1 and (parts[0].endswith(".lock") or _is_unused_readme(parts[0], folder))


def _is_debris(part: str) -> bool:
    return part.startswith(".") or part == "__pycache__" or part.endswith((".egg-info", ".pyc"))


def _is_unused_readme(name: str, folder: Path) -> bool:
    return name.lower().startswith("readme") and name not in str(
        _pyproject(folder).get("project", {}).get("readme", "")
    )


def _pyproject(folder: Path) -> dict[str, Any]:
    try:
        return tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _digest(words: Iterable[str], files: Iterable[Path]) -> str:
    total = hashlib.sha256()
    for part in [*(word.encode() for word in words), *map(_content, files)]:
        total.update(b"%d:" % len(part))
        total.update(part)
    return total.hexdigest()[:16]


def _content(path: Path) -> bytes:
    try:
        return b"->" + bytes(path.readlink()) if path.is_symlink() else path.read_bytes()
    except OSError:
        return b""


def _lock_problems(folder: Path) -> Iterator[tuple[str, str, str]]:
    name = _lock_name(folder)
    if name is None:
        return
    remedy = f"make lock-tenant TENANT={folder.name}"
    if not (folder / name).is_file():
        yield name, "tenant.yaml names this file as `dependencies`, and there is none", remedy
        return
    text = (folder / name).read_text(encoding="utf-8", errors="replace")
    if _ADDRESS.search(text):
        yield name, "a lock names packages and hashes, never the address of an index", remedy
    for requirement in unhashed(text):
        yield name, f"'{requirement}' has no hash", remedy


def unhashed(lock: str) -> list[str]:
    """Return the requirements of a lock's text that carry no hash."""
    lines = lock.replace("\\\n", " ").splitlines()
    entries = [line.strip() for line in lines if line.strip() and not line.strip().startswith(("#", "-"))]
    return [entry.split(" ")[0] for entry in entries if "--hash=" not in entry]


def _package_problems(folder: Path) -> Iterator[tuple[str, str, str]]:
    if not (folder / "src").is_dir():
        return
    if not package_name(folder):
        yield (
            "pyproject.toml",
            "src/ is a package, and no [project] names it",
            "write [project] with name and version",
        )
    for file in _package_files(folder):
        if (folder / file).is_symlink():
            yield file, "a package holds no symbolic links", "put the file itself here"
