"""A Python and a virtual environment that service users can read, wherever the clone lies.

Only root needs them; without root the clone's own environment is used.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

from aerodrome.errors import AerodromeError
from aerodrome.local.difference import Difference, Progress
from aerodrome.local.ownership import write_file
from aerodrome.local.state import Layout

_MAKERS_NOTE = "installed.json"
_LEFT_OUT = ("test", "site-packages", "idlelib", "tkinter", "turtledemo", "lib2to3", "*.a")
_SOURCES = ("platform/aerodrome", "platform/aerodrome_airflow", "common_plugins", "pyproject.toml")
# What no process of the platform imports. The rest is compiled once: service users may not write next to it
# and would compile it again at every start.
_NOT_COMPILED = (
    "/(tests?|testing|mypy|mypyc|hypothesis|pyspark|libcst|grpc|google|_pytest|pytest|importlinter|flower)/"
)
# What runs inside the platform's processes; the rest of the source is the control program's.
_RUNTIME = (
    "platform/aerodrome_airflow",
    "common_plugins",
    "platform/aerodrome/policy",
    "platform/aerodrome/names.py",
    "platform/aerodrome/errors.py",
    "pyproject.toml",
)


def base_python(layout: Layout) -> Path:
    """Return the interpreter that virtual environments stand on, readable by every service user."""
    return layout.state / "python" / "bin" / "python3.11" if _needs_copy(layout) else _base_executable()


def differences(layout: Layout) -> tuple[Difference, ...]:
    """Return what is missing or outdated of the interpreter and its packages."""
    if not layout.root:
        return ()
    found = _installed(layout)
    if not layout.python.exists() or not base_python(layout).exists():
        return (Difference("create", "interpreter", "service users cannot read the clone's"),)
    if found.get("packages") != _digest([layout.repository / "requirements.lock"]):
        return (Difference("update", "interpreter", "requirements.lock changed"),)
    if found.get("source") != source_digest(layout.repository):
        return (Difference("update", "platform's own code", "the source changed since it was installed"),)
    return ()


def apply(layout: Layout, progress: Progress) -> None:
    """Make the interpreter, its packages and the platform's own code current."""
    if not layout.root:
        _compile_clone(layout, progress)
        return
    packages = _digest([layout.repository / "requirements.lock"])
    source = source_digest(layout.repository)
    found = _installed(layout)
    if _needs_copy(layout) and not base_python(layout).exists():
        progress("copying the Python interpreter to a place that service users can read")
        _copy_python(layout)
    fresh = found.get("packages") != packages or not layout.python.exists()
    if fresh:
        progress("installing requirements.lock for the service users")
        _install_packages(layout)
    if fresh or found.get("source") != source:
        progress("installing the platform's own code for the service users")
        _install_source(layout)
    if fresh:
        progress("compiling the packages once for all processes")
        _compile(layout, *layout.venv.glob("lib/python3*/site-packages"))
    write_file(_note(layout), json.dumps({"packages": packages, "source": source}), 0o644)


def _compile_clone(layout: Layout, progress: Progress) -> None:
    lock = _digest([layout.repository / "requirements.lock"])
    note = layout.state / "compiled"
    if not note.is_file() or note.read_text(encoding="utf-8") != lock:
        progress("compiling the packages once for all processes")
        _compile(layout, *layout.venv.glob("lib/python3*/site-packages"))
        write_file(note, lock)


def source_digest(repository: Path) -> str:
    """Return the digest of the platform's own code, the control program included."""
    return _digest(file for source in _SOURCES for file in _files(repository / source))


def runtime_digest(repository: Path) -> str:
    """Return the digest of all code that runs inside the platform's processes: theirs and their packages'."""
    sources = (*_RUNTIME, "requirements.lock")
    return _digest(file for source in sources for file in _files(repository / source))


def launcher_digest(repository: Path) -> str:
    """Return the digest of the code that runs inside the launchers, which are restarted for nothing else."""
    return _digest(_files(repository / "platform/aerodrome_airflow/launcher"))


def _files(path: Path) -> Iterable[Path]:
    if path.is_file():
        return [path]
    return sorted(file for file in path.rglob("*") if file.is_file() and "__pycache__" not in file.parts)


def _digest(files: Iterable[Path]) -> str:
    total = hashlib.sha256()
    for file in files:
        content = file.read_bytes()
        total.update(f"{file.name}:{len(content)}:".encode())
        total.update(content)
    return total.hexdigest()


def _note(layout: Layout) -> Path:
    return layout.venv / _MAKERS_NOTE


def _installed(layout: Layout) -> dict[str, str]:
    try:
        note: dict[str, str] = json.loads(_note(layout).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return note


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
    done = subprocess.run(
        [program, *arguments], capture_output=True, text=True, check=False, cwd=layout.repository, umask=0o022
    )
    if done.returncode:
        raise AerodromeError(f"uv {arguments[0]}: {done.stderr.strip()[-2000:]}")


def _install_packages(layout: Layout) -> None:
    if not layout.python.exists():
        _uv(layout, "venv", "--quiet", "--python", str(base_python(layout)), str(layout.venv))
    lock = layout.repository / "requirements.lock"
    _uv(layout, "pip", "sync", "--quiet", "--python", str(layout.python), "--require-hashes", str(lock))


def _install_source(layout: Layout) -> None:
    options = (
        "--quiet",
        "--python",
        str(layout.python),
        "--no-deps",
        "--no-build-isolation",
        "--reinstall-package",
        "aerodrome",
    )
    _uv(layout, "pip", "install", *options, str(layout.repository))
    site = next((layout.venv / "lib").glob("python3*/site-packages"))
    _compile(layout, site / "aerodrome", site / "aerodrome_airflow", site / "common_plugins")


def _compile(layout: Layout, *folders: Path) -> None:
    # A file that does not compile costs a slower start, nothing else.
    options = ["-q", "-j", "0", "-x", _NOT_COMPILED, *map(str, folders)]
    subprocess.run(
        [layout.python, "-m", "compileall", *options], check=False, capture_output=True, umask=0o022
    )


def ready(layout: Layout) -> bool:
    """Return whether there is an interpreter to run the platform's processes with."""
    return layout.python.exists()
