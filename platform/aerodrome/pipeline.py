"""Tenant folders in, bundle files out: load, policy and render, with what did not change taken from a cache."""

from __future__ import annotations

import gc
import hashlib
import json
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from aerodrome.errors import Problem, UserError, did_you_mean
from aerodrome.files import write_atomically
from aerodrome.manifest.folder import tenant_folders
from aerodrome.names import RESERVED_TENANTS, why_no_tenant
from aerodrome.render.files import RenderedFile

if TYPE_CHECKING:
    from aerodrome.environment import Environment
    from aerodrome.manifest.loaded import LoadedTenant

LARGE_FILE = 4 * 2**20

Runtimes = Mapping[str, str]
"""Tenant → digest of its virtual environment."""


@dataclass(frozen=True)
class TenantBuild:
    """Everything that one tenant's folder turned into; *model* is its merged tenant.yaml as JSON, empty if broken."""

    tenant: str
    files: tuple[RenderedFile, ...]
    problems: tuple[Problem, ...]
    model: str = ""


@dataclass(frozen=True)
class Build:
    """The desired bundle and every mistake that was found on the way."""

    tenants: tuple[TenantBuild, ...]
    general: tuple[Problem, ...] = ()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Return all mistakes, sorted by file and line."""
        found = {problem for tenant in self.tenants for problem in tenant.problems}
        return tuple(sorted(found | set(self.general)))

    @property
    def files(self) -> dict[str, str]:
        """Return path → text of every file that rendered without a mistake."""
        return {file.path: file.text for tenant in self.tenants for file in tenant.files}

    @property
    def dags(self) -> tuple[RenderedFile, ...]:
        """Return the rendered DAG files."""
        return tuple(file for tenant in self.tenants for file in tenant.files if file.dag_id)


@contextmanager
def _collector_paused() -> Iterator[None]:
    # Nearly all objects of a build live until its end: looking for dead ones took a sixth of the time.
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@_collector_paused()
def build(root: Path, environment_name: str, *, runtimes: Runtimes, cache: Path | None = None) -> Build:
    """Return the bundle that the tenant folders below *root* ask for in the environment.

    One broken manifest takes only itself out of the result. With *cache*, a tenant whose inputs did not change is not
    loaded again; the inputs are its folder, the environment, its virtual environment's digest and this program.
    """
    folders = tenant_folders(root)
    program = _program_digest()
    base = _base_digest(root, environment_name, program)
    keys = {name: _tenant_key(root, name, base, runtimes) for name in folders}
    known = {name: found for name, key in keys.items() if (found := _read_cache(cache, name, key))}
    fresh, general = _build_tenants(
        root, environment_name, [name for name in folders if name not in known], runtimes
    )
    # A file that was saved meanwhile was loaded as it is now or as it was before: neither may be remembered.
    base = _base_digest(root, environment_name, program) if fresh and cache else base
    for built in fresh:
        if cache and _tenant_key(root, built.tenant, base, runtimes) == keys[built.tenant]:
            _write_cache(cache, built, keys[built.tenant])
        known[built.tenant] = built
    return Build(tuple(known[name] for name in sorted(known)), general)


def require_tenant(root: Path, name: str) -> None:
    """Raise UserError where *name* is no tenant's folder below *root*."""
    known = tenant_folders(root)
    if name in RESERVED_TENANTS:
        raise UserError(f"'{name}' cannot name a tenant", why_no_tenant(name))
    if name not in known:
        raise UserError(f"tenants/{name} does not exist", did_you_mean(name, known))


def _build_tenants(
    root: Path, environment_name: str, names: list[str], runtimes: Runtimes
) -> tuple[tuple[TenantBuild, ...], tuple[Problem, ...]]:
    # What only a changed tenant needs is imported only then: an unchanged tree answers in a fraction of a second.
    from aerodrome.environment import load_environment
    from aerodrome.manifest.load import load_repository

    environment = load_environment(root, environment_name)
    result = load_repository(root, environment, names)
    problems = {name: [p for p in result.problems if p.file.startswith(f"tenants/{name}/")] for name in names}
    general = tuple(p for p in result.problems if not any(p in own for own in problems.values()))
    loaded = {tenant.name: tenant for tenant in result.tenants}
    return tuple(
        _build_tenant(name, loaded.get(name), problems[name], environment, runtimes.get(name))
        for name in names
    ), general


def _build_tenant(
    name: str,
    tenant: LoadedTenant | None,
    problems: list[Problem],
    environment: Environment,
    runtime: str | None,
) -> TenantBuild:
    from aerodrome.policy.from_manifest import policy_problems
    from aerodrome.render.tenant import render_tenant

    if tenant is None:
        return TenantBuild(name, (), tuple(problems))
    refused = policy_problems(tenant, environment, problems)
    files = render_tenant(tenant, environment, runtime, {problem.file for problem in refused})
    return TenantBuild(name, files, (*problems, *refused), tenant.model.model_dump_json(by_alias=True))


def _digest(parts: Iterable[bytes]) -> str:
    total = hashlib.sha256()
    for part in parts:
        total.update(len(part).to_bytes(8, "big"))
        total.update(part)
    return total.hexdigest()


def _entries_below(folder: Path) -> Iterable[Path]:
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        # A link to a folder is no folder to walk through, but a mistake that the loader reports.
        links = [name for name in folders if Path(place, name).is_symlink()]
        yield from (Path(place, name) for name in sorted([*names, *links]))


def _contents(folder: Path) -> Iterable[bytes]:
    if folder.is_symlink():
        # It may lead to the root of the machine, all of which would be read.
        yield _content(folder)
        return
    for path in _entries_below(folder):
        yield str(path.relative_to(folder)).encode(errors="surrogateescape")
        yield _content(path)


def _content(path: Path) -> bytes:
    try:
        found = path.lstat()
        if stat.S_ISLNK(found.st_mode):
            return b"-> " + os.fsencode(path.readlink())
        # A pipe would never end, and a huge file, which the loader refuses, is told by its size.
        if not stat.S_ISREG(found.st_mode) or found.st_size > LARGE_FILE:
            return repr((found.st_mode, found.st_size, found.st_mtime_ns, found.st_ino)).encode()
        return path.read_bytes()
    except OSError as problem:
        # What cannot be read is the loader's to report; gone or unreadable is a state like any other.
        return f"errno {problem.errno}".encode()


def _program_digest() -> str:
    # Found without being imported: pydantic alone would cost more than everything else of an unchanged tree.
    catalogue = find_spec("common_plugins.catalogue")
    assert catalogue is not None and catalogue.origin is not None
    return _digest([*_contents(Path(__file__).parent), *_contents(Path(catalogue.origin).parent)])


def _base_digest(root: Path, environment_name: str, program: str) -> str:
    return _digest(
        [
            program.encode(),
            *_contents(root / "environments" / environment_name),
            *(path.name.encode() for path in sorted((root / "environments").iterdir())),
        ]
    )


def _tenant_key(root: Path, name: str, base: str, runtimes: Runtimes) -> str:
    runtime = runtimes.get(name, "")
    return _digest([base.encode(), name.encode(), runtime.encode(), *_contents(root / "tenants" / name)])


def _read_cache(cache: Path | None, name: str, key: str) -> TenantBuild | None:
    if cache is None:
        return None
    try:
        stored = json.loads((cache / f"{name}.json").read_text())
        if stored["key"] != key:
            return None
        files = tuple(RenderedFile(**file) for file in stored["files"])
        problems = tuple(Problem(**problem) for problem in stored["problems"])
        return TenantBuild(name, files, problems, stored["model"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _write_cache(cache: Path, built: TenantBuild, key: str) -> None:
    document = {"key": key} | {k: v for k, v in asdict(built).items() if k != "tenant"}
    try:
        write_atomically(cache / f"{built.tenant}.json", json.dumps(document))
    except OSError:
        # A cache that cannot be written costs time, never a result.
        return
