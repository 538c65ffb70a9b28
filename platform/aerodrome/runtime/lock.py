"""Resolve a tenant's pyproject.toml into its hashed lock."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from aerodrome.errors import ProblemsFound, UserError, counted
from aerodrome.files import write_atomically
from aerodrome.runtime.content import content
from aerodrome.runtime.lock_rules import is_plain, named_lock
from aerodrome.runtime.own_copy import Desk, own_copy
from aerodrome.runtime.project import PROJECT, built_packages, require_plain_settings
from aerodrome.runtime.sealing import Owner
from aerodrome.runtime.source import PYTHON_VERSION, link_problem
from aerodrome.runtime.uv import Tools, Uv, UvError, find_uv, refusal

LOCK = "requirements.lock"
TESTS_LOCK = "tests.lock"
_OPTIONS = (
    "--quiet", "--universal", "--python-version", PYTHON_VERSION, "--generate-hashes",
    "--no-header", "--no-emit-index-url", "--no-emit-find-links",
)  # fmt: skip


@dataclass(frozen=True)
class Locksmith:
    """By what and, as root, as whom a lock is resolved.

    The *fetcher* knows the logins of package indexes and runs no package's code. Packages that the tenant has built
    from source run code to tell what they depend on: then the *owner*, the tenant's user, resolves, without logins.
    """

    tools: Tools | None = None
    owner: Owner | None = None
    fetcher: Owner | None = None

    def worker(self, *, trusted: bool) -> Owner | None:
        """Return who resolves, None for this process's own user."""
        return self.fetcher or self.owner if trusted else self.owner


def lock_tenant(folder: Path, *, smith: Locksmith | None = None, upgrade: bool = False) -> str:
    """Write the lock that tenant.yaml names, and tests.lock where pyproject.toml has a group `test`.

    Returns what to tell the person. Locked versions stay where they fit and no *upgrade* is asked for.
    """
    lock = _lock_name(folder)
    _require_files(folder, lock)
    require_plain_settings(folder)
    smith, more = smith or Locksmith(), ["--upgrade"] if upgrade else []
    wanted = {lock: [PROJECT, *more]}
    if _has_test_group(folder):
        wanted[TESTS_LOCK] = ["--group", "test", "-c", lock, *more]
    with own_copy(folder, smith.worker(trusted=not built_packages(folder))) as desk:
        texts = {name: _compiled(smith, desk, name, arguments) for name, arguments in wanted.items()}
    for name, text in texts.items():
        write_atomically(folder / name, text)
    return "\n".join(f"{_place(folder, name)}: {_packages(text)}" for name, text in texts.items())


def _require_files(folder: Path, lock: str) -> None:
    if folder.is_symlink():
        raise UserError(f"tenants/{folder.name}: a symbolic link", "a tenant is a folder of this repository")
    if not (folder / PROJECT).is_file():
        remedy = "write [project] with name, version, dependencies"
        raise UserError(f"{_place(folder, PROJECT)}: does not exist", remedy)
    if links := [name for name in (PROJECT, lock, TESTS_LOCK) if (folder / name).is_symlink()]:
        raise ProblemsFound(link_problem(folder, name) for name in links)


def _lock_name(folder: Path) -> str:
    name = named_lock(folder)
    return name if name and is_plain(name) else LOCK


def _place(folder: Path, name: str) -> str:
    return f"tenants/{folder.name}/{name}"


def _packages(text: str) -> str:
    packages = sum("==" in line and not line.startswith((" ", "#")) for line in text.splitlines())
    return counted(packages, "package")


def _compiled(smith: Locksmith, desk: Desk, name: str, arguments: list[str]) -> str:
    python = ["--python", str(smith.tools.python)] if smith.tools else []
    place, built = _place(desk.folder, PROJECT), built_packages(desk.folder)
    sources = [f"--no-binary={package}" for package in sorted(built)]
    try:
        options = [*_OPTIONS, "--only-binary=:all:", *sources, *python]
        _uv(smith, trusted=not built).run(desk.folder, "pip", "compile", *options, *arguments, "-o", name)
    except UvError as failure:
        doing, remedy = "its dependencies cannot be resolved", "change what [project] dependencies ask for"
        raise refusal(failure, place, doing, remedy) from None
    text = content(desk.folder / name).decode()
    if "://" in text:
        raise UserError(f"{place}: a dependency names an address", "name it by version: 'package==1.2'")
    return text


def _uv(smith: Locksmith, *, trusted: bool) -> Uv:
    worker = smith.worker(trusted=trusted)
    account = worker.account if worker else None
    return Uv(smith.tools.uv if smith.tools else find_uv(), account, trusted=trusted)


def _has_test_group(folder: Path) -> bool:
    try:
        groups = tomllib.loads(content(folder / PROJECT).decode()).get("dependency-groups")
    except (ValueError, RecursionError) as problem:
        raise UserError(f"{_place(folder, PROJECT)}: not TOML: {problem}", "mend the file") from None
    return isinstance(groups, dict) and "test" in groups
