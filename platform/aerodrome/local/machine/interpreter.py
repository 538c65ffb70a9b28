"""A Python and a virtual environment that service users can read, wherever the clone lies.

Only root needs them; without root the clone's own environment is used.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import sysconfig
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from aerodrome.errors import AerodromeError
from aerodrome.files import machine_cache
from aerodrome.local.machine.bytecode import LONGEST_SECONDS, compile_folder, compile_packages
from aerodrome.local.machine.difference import of_release
from aerodrome.local.machine.ownership import write_file
from aerodrome.local.machine.programs import run
from aerodrome.local.machine.state import Layout
from aerodrome.local.machine.versions import Versions
from aerodrome.plan import Change
from aerodrome.progress import Progress
from aerodrome.runtime import worker_code

_LOCK = "requirements.lock"
# Links are resolved once, when a process starts: what it imports later is of the same versions.
_START = "import os, sys; sys.path[:] = dict.fromkeys(p and os.path.realpath(p) for p in (*sys.path, %r))\n"
_LEFT_OUT = ("test", "site-packages", "idlelib", "tkinter", "turtledemo", "lib2to3", "*.a")
_SOURCES = ("platform/aerodrome", "platform/aerodrome_airflow", "common_plugins", "pyproject.toml")
# What runs inside the secrets agents.
SECRETS_AGENT = (
    "platform/aerodrome_airflow/secrets",
    "platform/aerodrome_airflow/json_settings.py",
    "platform/aerodrome_airflow/launcher/listening.py",
    "platform/aerodrome/names.py",
)


def base_python(layout: Layout) -> Path:
    """Return the interpreter that virtual environments stand on, readable by every service user."""
    return layout.state / "python" / "bin" / "python3.11" if _needs_copy(layout) else _base_executable()


def differences(layout: Layout) -> tuple[Change, ...]:
    """Return what is missing or outdated of the interpreter and its packages."""
    if not layout.root:
        return ()
    if not ready(layout) or not base_python(layout).exists():
        return (of_release("create", "interpreter", "", "service users cannot read the clone's"),)
    packages, source = packages_digest(layout.repository), source_digest(layout.repository)
    if not Versions(layout.venv).is_current(packages):
        change = of_release("update", "interpreter", "", "requirements.lock changed")
        return (replace(change, source=_LOCK, after=packages),)
    if not Versions(layout.code).is_current(source):
        change = of_release("update", "platform's own code", "", "the source changed since it was installed")
        return (replace(change, source="platform", after=source),)
    return ()


def apply(layout: Layout, progress: Progress) -> None:
    """Make the interpreter, its packages and the platform's own code current.

    What runs goes on with the versions that it started with, until it is started again.
    """
    if not layout.root:
        _compile_clone(layout, progress)
        return
    packages, source = packages_digest(layout.repository), source_digest(layout.repository)
    make_base_python(layout, progress)
    Versions(layout.venv).build(packages, lambda folder: _install_packages(layout, folder, progress))
    Versions(layout.venv).switch(packages)
    Versions(layout.code).build(source, lambda folder: _install_source(layout, folder, progress))
    Versions(layout.code).switch(source)


def make_base_python(layout: Layout, progress: Progress) -> None:
    """Make the interpreter of :func:`base_python` where it is missing."""
    if not base_python(layout).exists():
        progress("copying the Python interpreter to a place that service users can read")
        _copy_python(layout)


def prune(layout: Layout, started: Iterable[float]) -> None:
    """Remove the versions that nothing runs from any more; *started*: since when each process runs."""
    moments = tuple(started)
    for link in (layout.venv, layout.code) if layout.root else ():
        Versions(link).prune(moments)


def _compile_clone(layout: Layout, progress: Progress) -> None:
    lock = packages_digest(layout.repository)
    note = layout.state / "compiled"
    if not note.is_file() or note.read_text(encoding="utf-8") != lock:
        progress("compiling the packages once for all processes")
        compile_folder(layout.python, _site_packages(layout.venv))
        write_file(note, lock)


def source_digest(repository: Path) -> str:
    """Return the digest of the platform's own code, the control program included."""
    return _digest(repository, *_SOURCES)


def runtime_digest(repository: Path) -> str:
    """Return the digest of all code that runs inside the platform's processes: theirs and their packages'."""
    return worker_code.worker_digest(repository)


def launcher_digest(repository: Path) -> str:
    """Return the digest of the code that runs inside the launchers, which are restarted for nothing else."""
    return _digest(repository, "platform/aerodrome_airflow/launcher")


def secrets_agent_digest(repository: Path) -> str:
    """Return the digest of the code that runs inside the secrets agents."""
    return _digest(repository, *SECRETS_AGENT)


def packages_digest(repository: Path) -> str:
    """Return the digest of the lock of the platform's packages."""
    return _digest(repository, _LOCK)


def _files(path: Path) -> Iterable[Path]:
    if path.is_file():
        return [path]
    return sorted(file for file in path.rglob("*") if file.is_file() and "__pycache__" not in file.parts)


def _digest(repository: Path, *paths: str) -> str:
    total = hashlib.sha256()
    for file in (file for path in paths for file in _files(repository / path)):
        content = file.read_bytes()
        # With its folder: a module that moves is another module.
        total.update(f"{file.relative_to(repository)}:{len(content)}:".encode())
        total.update(content)
    return total.hexdigest()


def _base_executable() -> Path:
    return Path(sys.base_prefix) / "bin" / "python3.11"


def _needs_copy(layout: Layout) -> bool:
    if not layout.root:
        return False
    executable = _base_executable().resolve()
    return any(not parent.stat().st_mode & 0o001 for parent in executable.parents)


def _copy_python(layout: Layout) -> None:
    target = layout.state / "python"
    building = layout.state / ".python.new"
    shutil.rmtree(building, ignore_errors=True)
    base = Path(sys.base_prefix)
    standard_library = Path(sysconfig.get_path("stdlib", vars={"installed_base": str(base)})).relative_to(
        base
    )
    (building / "bin").mkdir(parents=True)
    shutil.copy2(_base_executable().resolve(), building / "bin" / "python3.11")
    shutil.copytree(
        base / standard_library,
        building / standard_library,
        symlinks=True,
        ignore=shutil.ignore_patterns(*_LEFT_OUT),
    )
    for library in (base / "lib").glob("libpython3*.so*"):
        shutil.copy2(library, building / "lib" / library.name, follow_symlinks=False)
    _find_library_beside(building / "bin" / "python3.11", base / "lib")
    shutil.rmtree(target, ignore_errors=True)
    building.replace(target)


def _find_library_beside(executable: Path, library_folder: Path) -> None:
    """Make a copied interpreter load the libpython that was copied with it.

    A shared build names its library folder by an absolute path in its run path; that one string is replaced,
    in its place and not longer than before, so that nothing else in the file moves.
    """
    old = str(library_folder).encode() + b"\0"
    new = b"$ORIGIN/../lib\0"
    content = executable.read_bytes()
    if content.count(old) == 1 and len(new) <= len(old):
        executable.write_bytes(content.replace(old, new.ljust(len(old), b"\0")))


def _uv(layout: Layout, *arguments: str) -> None:
    program = Path(sys.executable).parent / "uv"
    what = f"uv {arguments[0]}"
    # uv makes locks in the folder for temporary files that everybody may open, and hold for ever. Below the state,
    # so that `destroy` removes what a killed deploy has left.
    with tempfile.TemporaryDirectory(prefix=".uv-", dir=layout.state) as private:
        # A hard link into the cache would let whoever owns it there change what root and service users run.
        environment = {**os.environ, "TMPDIR": private, "UV_LINK_MODE": "copy"}
        options: dict[str, Any] = {"cwd": layout.repository, "umask": 0o022, "env": environment}
        done = run([program, *arguments], what, LONGEST_SECONDS, **options)
    if done.returncode:
        raise AerodromeError(f"{what}: {done.stderr.strip()[-2000:]}")


def _install_packages(layout: Layout, folder: Path, progress: Progress) -> None:
    progress("installing requirements.lock for the service users")
    python = str(folder / "bin" / "python")
    _uv(layout, "venv", "--quiet", "--allow-existing", "--python", str(base_python(layout)), str(folder))
    _uv(
        layout,
        "pip",
        "sync",
        "--quiet",
        "--python",
        python,
        "--require-hashes",
        str(layout.repository / _LOCK),
    )
    (_site_packages(folder) / "aerodrome.pth").write_text(_START % str(layout.code), encoding="utf-8")
    progress("compiling the packages once for all processes")
    lock = packages_digest(layout.repository)
    compile_packages(folder / "bin" / "python", _site_packages(folder), lock, machine_cache())
    (folder / ".lock").unlink(missing_ok=True)


def _install_source(layout: Layout, folder: Path, progress: Progress) -> None:
    progress("installing the platform's own code for the service users")
    options = (
        "--no-deps",
        "--no-build-isolation",
        "--reinstall-package",
        "aerodrome",
        "--target",
        str(folder),
    )
    _uv(layout, "pip", "install", "--quiet", "--python", str(layout.python), *options, str(layout.repository))
    compile_folder(layout.python, folder)
    (folder / ".lock").unlink(missing_ok=True)


def _site_packages(folder: Path) -> Path:
    return next(folder.glob("lib/python3*/site-packages"))


def ready(layout: Layout) -> bool:
    """Return whether there is an interpreter to run the platform's processes with."""
    return layout.python.exists()
