"""What workers on hosts install: the platform's lock for them, all its packages in one file, and the platform's own."""

from __future__ import annotations

import hashlib
import os
import sys
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path

from aerodrome.errors import AerodromeError
from aerodrome.runtime import pip
from aerodrome.runtime.uv import Uv, UvError, find_uv
from aerodrome.runtime.worker_code import all_code

LOCK = "ansible/worker.lock"
UV_LOCK = "bootstrap.lock"
_LONGEST_SECONDS = 3600
_MACHINE = os.uname().machine
# Hosts may have an older C library than this machine: of Debian 10 and Red Hat 8 at least.
_PLATFORM = f"{_MACHINE}-manylinux_2_28"
_NOTE = "machine"
_REMEDY = "look whether the configured index answers and has these packages, then try again"


def worker_lock(root: Path) -> Path:
    """Return the hashed lock of everything that a worker on a host imports."""
    return root / LOCK


def uv_lock(root: Path) -> Path:
    """Return the hashed lock of the uv that hosts install packages with."""
    return root / UV_LOCK


def wheelhouse(root: Path, cache: Path, say: Callable[[str], None] = lambda _: None) -> Path:
    """Return a tar file in *cache* with every package of the lock and uv, installed and compiled, made once per lock.

    It is unpacked over an empty virtual environment, in any folder of a host; `machine` in it names the processor
    that it is for. AerodromeError where the index does not answer or a package does not build.
    """
    return wheelhouse_of(worker_lock(root), uv_lock(root), cache, say)


def wheelhouse_of(lock: Path, uv: Path, cache: Path, say: Callable[[str], None] = lambda _: None) -> Path:
    """Return the wheelhouse of *lock* and *uv*, as :func:`wheelhouse` does."""
    kept = cache / f"packages-{_digest(lock, uv, Path(__file__))}.tar.gz"
    if not kept.exists():
        say("installing the packages of workers here, to be copied: once for each lock")
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".packages-", dir=cache) as place:
            _install(lock, uv, Path(place))
            _pack(Path(place, "installed"), Path(place, "tar"))
            Path(place, "tar").replace(kept)
    return kept


def platform_wheel(root: Path, folder: Path) -> Path:
    """Return the wheel of the platform's own code that workers need, built into *folder*."""
    options = ("--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(folder))
    doing = "building the platform's own wheel"
    with tempfile.TemporaryDirectory(prefix="aerodrome-wheel-") as place:
        for path, content in all_code(root).items():
            file = Path(place, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        pip.run("wheel", *options, place, doing=doing, remedy=_REMEDY, seconds=_LONGEST_SECONDS)
    return next(folder.glob("aerodrome-*.whl"))


def _digest(*files: Path) -> str:
    total = hashlib.sha256(f"{sys.version_info[:2]} {_PLATFORM}".encode())
    for file in files:
        total.update(file.read_bytes())
    return total.hexdigest()[:16]


def _install(lock: Path, uv: Path, place: Path) -> None:
    tool = Uv(find_uv(), seconds=_LONGEST_SECONDS, trusted=True)
    exactly = ("--no-deps", "--require-hashes", "--requirement", lock, "--requirement", uv)
    target = ("--python", "installed/bin/python", "--python-platform", _PLATFORM)
    try:
        # Its programs find their interpreter beside themselves, wherever that is.
        tool.run(place, "venv", "--relocatable", "--python", sys.executable, "installed")
        tool.run(place, "pip", "install", "--compile-bytecode", *target, *exactly)
    except UvError as problem:
        raise AerodromeError(f"installing the packages of {lock.name}: {problem.args[0]}", _REMEDY) from None
    (place / "installed" / _NOTE).write_text(_MACHINE, encoding="utf-8")


def _pack(folder: Path, target: Path) -> None:
    # Twice as fast as the usual level, and a sixth larger.
    with tarfile.open(target, "w:gz", compresslevel=1) as tar:
        tar.add(folder, arcname=".", filter=_of_any_machine)


def _of_any_machine(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """Leave out what leads to this machine's interpreter, and whose the files are here."""
    if member.issym() or member.name == "./pyvenv.cfg":
        return None
    member.uid = member.gid = member.mtime = 0
    member.uname = member.gname = "root"
    member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
    return member
