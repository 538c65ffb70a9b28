"""What a tenant's virtual environment is made of, and the digest that names it."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from aerodrome.errors import Problem
from aerodrome.runtime.content import content
from aerodrome.runtime.lock_rules import is_plain, lock_problems, named_lock
from aerodrome.runtime.project import OWN_BUILDER, PROJECT, builder_mistakes, read_project, table

PYTHON_VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
DIGEST_PATTERN = r"^[0-9a-f]{16}$"
# None of these is part of the installed package: an edit in them leaves the environment as it is.
_NOT_PACKAGE = frozenset({"dags", "tests", "tenant.yaml", "build", "dist"})


@dataclass(frozen=True)
class RuntimeSource:
    """The lock and the package of one tenant; *files* are the package's, relative to *folder*."""

    tenant: str
    folder: Path
    lock: str | None
    """What tenant.yaml names as `dependencies`, be it a file that is not there."""
    files: tuple[str, ...]
    layer: str
    """Names the environment without the tenant's own package; it stays while only the package changes."""
    digest: str


def read_source(folder: Path) -> RuntimeSource | None:
    """Return what the virtual environment of the tenant in *folder* is made of; None where it needs none.

    A link in the folder's place, which could lead anywhere, is not followed.
    """
    if folder.is_symlink():
        return None
    lock = named_lock(folder)
    files = tuple(_package_files(folder)) if (folder / "src").is_dir() else ()
    if lock is None and not files:
        return None
    layer = layer_digest(None if lock is None else _lock_content(folder, lock))
    digest = package_digest(layer, files, (content(folder / file) for file in files))
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
    # A link in its place is refused by the loader, and may lead anywhere.
    return () if folder.is_symlink() else (*lock_problems(folder), *package_problems(folder))


def package_name(folder: Path) -> str:
    """Return the name that pyproject.toml gives the tenant's package, or an empty text."""
    name = table(read_project(folder), "project").get("name", "")
    return name if isinstance(name, str) else ""


def layer_digest(lock: bytes | None) -> str:
    """Return the name of the environment that a lock of these bytes asks for."""
    return _digest([b"layer", PYTHON_VERSION.encode(), *([] if lock is None else [lock])])


def package_digest(layer: str, files: Iterable[str], contents: Iterable[bytes]) -> str:
    """Return the name of the environment of that *layer* and a package of *files* with *contents*."""
    yielded = (os.fsencode(file) for file in files)
    return _digest(part for parts in ([b"runtime", layer.encode()], yielded, contents) for part in parts)


def _lock_content(folder: Path, name: str) -> bytes:
    return content(folder / name) if is_plain(name) else b""


def _digest(parts: Iterable[bytes]) -> str:
    total = hashlib.sha256()
    for part in parts:
        total.update(b"%d:" % len(part))
        total.update(part)
    return total.hexdigest()[:16]


def _package_files(folder: Path) -> Iterator[str]:
    readme = str(table(read_project(folder), "project").get("readme", ""))
    found = [parts for parts in _entries(folder) if not _is_left_out(parts, readme)]
    return ("/".join(parts) for parts in sorted(found))


def _entries(folder: Path) -> Iterator[tuple[str, ...]]:
    """Yield the path of each file and each link below *folder* that may be the package's."""
    for place, folders, names in os.walk(folder):
        here = Path(place).relative_to(folder).parts
        links = [name for name in folders if Path(place, name).is_symlink()]
        folders[:] = [name for name in folders if not _is_debris(name) and (here or name not in _NOT_PACKAGE)]
        for name in (*names, *links):
            path = Path(place, name)
            if path.is_symlink() or path.is_file():
                yield (*here, name)


def _is_left_out(parts: tuple[str, ...], readme: str) -> bool:
    if parts[0] in _NOT_PACKAGE or any(_is_debris(part) for part in parts):
        return True
    # A README belongs to the package only where pyproject.toml says so.
    unused = parts[0].lower().startswith("readme") and parts[0] not in readme
    return len(parts) == 1 and (parts[0].endswith(".lock") or unused)


def _is_debris(part: str) -> bool:
    return part.startswith(".") or part == "__pycache__" or part.endswith((".egg-info", ".pyc"))


def package_problems(folder: Path) -> tuple[Problem, ...]:
    """Return every mistake in the package of the tenant in *folder* that shows without building it."""
    return tuple(_package_problems(folder))


def _package_problems(folder: Path) -> Iterator[Problem]:
    if not (folder / "src").is_dir():
        return
    place = f"tenants/{folder.name}"
    if not package_name(folder):
        message, remedy = (
            "src/ is a package, and no [project] names it",
            "write [project] with name and version",
        )
        yield Problem(f"{place}/{PROJECT}", 0, 0, "", message, remedy)
    for told in builder_mistakes(folder):
        field, _, message = told.partition(": ")
        remedy = f"another builder would run its code during a deploy: write{OWN_BUILDER}".replace(
            "\n", "\n    "
        )
        yield Problem(f"{place}/{PROJECT}", 0, 0, field, message, remedy.rstrip())
    for file in _package_files(folder):
        if (folder / file).is_symlink():
            yield link_problem(folder, file)


def link_problem(folder: Path, file: str) -> Problem:
    """Return the mistake that *file* of the tenant is a link, in the loader's words: told by both, it is one."""
    message = f"a symbolic link to {(folder / file).readlink()}"
    return Problem(f"tenants/{folder.name}/{file}", 0, 0, "", message, "put the file itself here")
