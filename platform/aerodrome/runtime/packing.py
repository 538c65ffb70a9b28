"""What a host needs of a tenant to build its virtual environment there, as one file."""

from __future__ import annotations

import io
import tarfile
import tempfile
from pathlib import Path

from aerodrome.errors import AerodromeError, UserError
from aerodrome.runtime import pip
from aerodrome.runtime.lock_rules import MANIFEST, checked_lock, split
from aerodrome.runtime.project import PROJECT, built_packages
from aerodrome.runtime.source import RuntimeSource, read_source

WHEELS = ".wheels"
"""Beside the tenants' folders: the wheels of all of them."""
PROBLEM = ".problem"
"""In a tenant's folder: why nothing else is there."""
_LONGEST_SECONDS = 1800


def packed(folder: Path, cache: Path, *, wheels: bool) -> Path:
    """Return a tar file in *cache* with lock and package of the tenant in *folder*, made once for each digest.

    With *wheels* it holds every wheel of the lock too, for hosts without an index. Nothing of the tenant runs for it.
    """
    source = read_source(folder)
    if source is None:
        raise UserError(f"tenants/{folder.name}: it has neither `dependencies` nor a package", "deploy again")
    kept = cache / f"tenant-{source.tenant}-{source.digest}{'-wheels' if wheels else ''}.tar"
    if not kept.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".tenant-", dir=cache) as place:
            found = _wheels(source, Path(place)) if wheels else []
            _write(source, found, Path(place, "tar"))
            Path(place, "tar").replace(kept)
    return kept


def packed_for_host(folder: Path, cache: Path, *, wheels: bool) -> Path:
    """Return what :func:`packed` does, or a file that tells the host why there is none: it harms that tenant alone."""
    try:
        return packed(folder, cache, wheels=wheels)
    except AerodromeError as problem:
        text = str(problem).encode()
        target = cache / f"tenant-{folder.name}-problem.tar"
        target.parent.mkdir(parents=True, exist_ok=True)
        with tarfile.open(target, "w") as tar:
            member = tarfile.TarInfo(f"{folder.name}/{PROBLEM}")
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text))
        return target


def _write(source: RuntimeSource, wheels: list[Path], target: Path) -> None:
    named = {MANIFEST, PROJECT, source.lock or MANIFEST, *source.files}
    with tarfile.open(target, "w") as tar:
        for file in sorted(named):
            # A link is none of the package's files; the host says so, as a deploy does.
            if (source.folder / file).is_symlink() or (source.folder / file).exists():
                tar.add(source.folder / file, f"{source.tenant}/{file}", recursive=False, filter=_roots)
        for wheel in wheels:
            tar.add(wheel, f"{WHEELS}/{wheel.name}", filter=_roots)


def _roots(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    member.mode = 0o644
    return member


def _wheels(source: RuntimeSource, place: Path) -> list[Path]:
    lock, _ = split(checked_lock(source.folder) or "", built_packages(source.folder))
    if not lock:
        return []
    (place / "lock").write_text(lock, encoding="utf-8")
    options = ("--no-deps", "--require-hashes", "--only-binary=:all:")
    pip.run(
        "download",
        *options,
        *("--dest", str(place / "wheels"), "-r", str(place / "lock")),
        doing=f"tenants/{source.tenant}/{source.lock}: its wheels cannot be fetched",
        remedy=f"make lock-tenant TENANT={source.tenant}, or look whether the configured index answers",
        seconds=_LONGEST_SECONDS,
    )
    return sorted((place / "wheels").glob("*.whl"))
