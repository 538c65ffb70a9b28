"""Which code of the platform workers need: Airflow's side with what it imports, and what builds tenants' environments.

The rest is the control program's. Its changes build no image and restart no worker.
"""

from __future__ import annotations

import ast
import hashlib
import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from aerodrome.errors import AerodromeError

PROJECT, LOCK = "pyproject.toml", "requirements.lock"
_AIRFLOW_SIDE = ("platform/aerodrome_airflow", "common_plugins")
_BUILDERS = ("platform/aerodrome/runtime/on_host.py", "platform/aerodrome/runtime/in_image.py")
_PLACE = "platform"
"""Where the folder of the package `aerodrome` is."""
_KEPT = ("name", "version", "description", "requires-python")
_IMPORTS_OURS = re.compile(rb"^\s*(?:from|import)\s+aerodrome\b", re.MULTILINE)

Files = Mapping[str, bytes]
"""Path below the repository → content."""


def airflow_code(root: Path) -> dict[str, bytes]:
    """Return path below *root* → content of what Airflow's processes import of the platform's own, in order."""
    return _with_imported(root, (file for folder in _AIRFLOW_SIDE for file in (root / folder).rglob("*")))


def builder_code(root: Path) -> dict[str, bytes]:
    """Return path below *root* → content of what builds tenants' environments on hosts and in images, in order."""
    return _with_imported(root, (root / file for file in _BUILDERS))


def all_code(root: Path) -> dict[str, bytes]:
    """Return path → content of everything in the wheel for workers, its pyproject.toml included."""
    return {**airflow_code(root), **builder_code(root), PROJECT: project_file(root).encode()}


def digest(files: Files) -> str:
    """Return the SHA-256 of *files*, with their paths: a module that moves is another module."""
    total = hashlib.sha256()
    for path, content in sorted(files.items()):
        total.update(f"{path}:{len(content)}:".encode())
        total.update(content)
    return total.hexdigest()


def project_file(root: Path) -> str:
    """Return the pyproject.toml of a wheel with this code: without commands, and without what else the file says."""
    project = tomllib.loads(_read(root, root / PROJECT).decode())["project"]
    lines = ["[build-system]", 'requires = ["hatchling"]', 'build-backend = "hatchling.build"', "[project]"]
    lines += _pairs({key: project[key] for key in _KEPT if key in project})
    for group, points in project.get("entry-points", {}).items():
        lines += [f"[project.entry-points.{json.dumps(group)}]", *_pairs(points)]
    packages = [f"{_PLACE}/aerodrome", *_AIRFLOW_SIDE]
    return "\n".join([*lines, "[tool.hatch.build.targets.wheel]", f"packages = {json.dumps(packages)}", ""])


def _pairs(table: dict[str, Any]) -> Iterator[str]:
    # A text of JSON is one of TOML.
    return (f"{json.dumps(key)} = {json.dumps(value)}" for key, value in table.items())


def _with_imported(root: Path, first: Iterable[Path]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    waiting = [file for file in first if file.is_file() and "__pycache__" not in file.parts]
    while waiting:
        file = waiting.pop()
        path = file.relative_to(root).as_posix()
        if path not in found:
            found[path] = _read(root, file)
            waiting += _imported(root, file, found[path])
    return dict(sorted(found.items()))


def _imported(root: Path, file: Path, content: bytes) -> Iterator[Path]:
    """Yield the files of the package `aerodrome` that a module brings with it, also those that it imports late."""
    # Most files have no such line, and parsing all takes a second.
    if file.suffix != ".py" or not _IMPORTS_OURS.search(content):
        return
    for name in _names(_parsed(file.relative_to(root), content)):
        parts = name.split(".")
        if parts[0] == "aerodrome":
            yield from (found for end in range(len(parts)) if (found := _module(root, parts[: end + 1])))


def _parsed(path: Path, content: bytes) -> ast.Module:
    try:
        return ast.parse(content)
    except (SyntaxError, ValueError) as problem:
        place = f"{path}:{getattr(problem, 'lineno', None) or 1}"
        raise AerodromeError(f"{place}: no Python: {problem.args[0]}", "check out the commit again") from None


def _names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            # What is imported from a package may be a module of it.
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _module(root: Path, parts: list[str]) -> Path | None:
    place = root.joinpath(_PLACE, *parts)
    files = (place / "__init__.py", place.with_suffix(".py"))
    return next((file for file in files if file.is_file()), None)


def _read(root: Path, file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as problem:
        where = file.relative_to(root)
        raise AerodromeError(f"{where}: {problem.strerror}", "check out the commit again") from None


def worker_digest(repository: Path) -> str:
    """Return the digest of all code that runs inside the processes of a platform: theirs and their packages'."""
    lock, project = (repository / LOCK).read_bytes(), project_file(repository).encode()
    return digest({**airflow_code(repository), PROJECT: project, LOCK: lock})


def builder_digest(repository: Path) -> str:
    """Return the digest of the code that builds tenants' environments where their workers are."""
    return digest(builder_code(repository))
