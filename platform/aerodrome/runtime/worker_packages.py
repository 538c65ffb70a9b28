"""What workers on hosts install: the platform's lock for them, all its wheels in one file, and the platform's own."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from aerodrome.errors import AerodromeError

LOCK = "ansible/worker.lock"
UV_LOCK = "bootstrap.lock"
_LONGEST_SECONDS = 3600
_HASHES = "wheels.lock"


def worker_lock(root: Path) -> Path:
    """Return the hashed lock of everything that a worker on a host imports."""
    return root / LOCK


def uv_lock(root: Path) -> Path:
    """Return the hashed lock of the uv that hosts install packages with."""
    return root / UV_LOCK


def wheelhouse(root: Path, cache: Path, say: Callable[[str], None] = lambda _: None) -> Path:
    """Return a tar file in *cache* with a wheel of every package of the lock and of uv, made once for each lock.

    It holds wheels.lock: the same versions with the digests of these very files, as a package without a wheel
    is built here. AerodromeError where the index does not answer or a package does not build.
    """
    return wheelhouse_of(worker_lock(root), uv_lock(root), cache, say)


def wheelhouse_of(lock: Path, uv: Path, cache: Path, say: Callable[[str], None] = lambda _: None) -> Path:
    """Return the wheelhouse of *lock* and *uv*, as :func:`wheelhouse` does."""
    kept = cache / f"wheelhouse-{_digest(lock, uv)}.tar"
    if not kept.exists():
        say("fetching the wheels for workers: once for each lock")
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".wheelhouse-", dir=cache) as place:
            _fetch(lock, uv, Path(place, "wheels"))
            _pack(Path(place, "wheels"), Path(place, "tar"))
            Path(place, "tar").replace(kept)
    return kept


def platform_wheel(root: Path, folder: Path) -> Path:
    """Return the platform's own wheel, built into *folder*."""
    options = ("--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(folder))
    _pip("wheel", *options, str(root), doing="building the platform's own wheel")
    return next(folder.glob("aerodrome-*.whl"))


def _digest(*files: Path) -> str:
    total = hashlib.sha256(f"{sys.version_info[:2]} {os.uname().machine}".encode())
    for file in files:
        total.update(file.read_bytes())
    return total.hexdigest()[:16]


def _fetch(lock: Path, uv: Path, folder: Path) -> None:
    options = ("--no-deps", "--require-hashes", "--wheel-dir", str(folder))
    for file in (lock, uv):
        _pip("wheel", *options, "--requirement", str(file), doing=f"fetching the wheels of {file.name}")
    wheels = sorted(folder.glob("*.whl"))
    text = "".join(_requirement(wheel) for wheel in wheels)
    (folder / _HASHES).write_text(text, encoding="utf-8")


def _requirement(wheel: Path) -> str:
    name, version = wheel.name.split("-")[:2]
    return f"{name}=={version} --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"


def _pack(folder: Path, target: Path) -> None:
    with tarfile.open(target, "w") as tar:
        for path in sorted(folder.iterdir()):
            tar.add(path, arcname=path.name, filter=_anonymous)


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Same wheels, same file."""
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    member.mtime, member.mode = 0, 0o644
    return member


def _pip(*arguments: str, doing: str) -> None:
    command: Sequence[str] = (
        sys.executable,
        "-m",
        "pip",
        *arguments,
        "--quiet",
        "--disable-pip-version-check",
    )
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            timeout=_LONGEST_SECONDS,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        raise AerodromeError(f"{doing}: not finished after {_LONGEST_SECONDS} seconds", "try again") from None
    if done.returncode:
        told = [line for line in done.stderr.splitlines() if "ERROR" in line] or done.stderr.splitlines()[-3:]
        remedy = "look whether the configured index answers and has these packages, then try again"
        raise AerodromeError(f"{doing}: {' '.join(told[-3:])}", remedy)
