"""The image of test hosts: a plain Debian with systemd, made once and kept by the digest of what it is made of."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from fleet.podman import PodmanError, podman, process
from fleet.turns import turn

SOURCE = Path(__file__).resolve().parents[1] / "image"
SUITE = "bookworm"
NAME = "localhost/aerodrome-test-host"
# mmdebstrap empties what apt has fetched unless it is told not to.
_OPTIONS = ("--variant=minbase", "--format=tar", "--skip=cleanup/apt")


def image(say: Callable[[str], None] = print) -> str:
    """Return the name of the image, made first where podman lacks it; *say* tells what takes time."""
    name = f"{NAME}:{digest()}"
    if _exists(name):
        return name
    with turn("image"):
        if not _exists(name):
            _import(_base(say), name)
    return name


def digest() -> str:
    """Return the digest of everything that the image is made of."""
    made = hashlib.sha256(f"{SUITE} {_OPTIONS}".encode())
    for path in sorted(path for path in SOURCE.rglob("*") if path.is_file()):
        made.update(f"{path.relative_to(SOURCE)}\0{path.read_text(encoding='utf-8')}\0".encode())
    return made.hexdigest()[:16]


def cache() -> Path:
    """Return the folder that keeps bases between runs: $AERODROME_CACHE, or one of the machine."""
    folder = Path(os.environ.get("AERODROME_CACHE") or "/var/cache/aerodrome")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def packages(name: str) -> list[str]:
    """Return the packages that the file *name* of the image lists."""
    lines = (SOURCE / name).read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def _exists(name: str) -> bool:
    return bool(podman("images", "--quiet", name))


def _base(say: Callable[[str], None]) -> Path:
    kept = cache() / f"test-host-{digest()}.tar.zst"
    if not kept.exists():
        say(f"making the base of test hosts with mmdebstrap: about a minute, once ({kept})")
        unfinished = kept.with_suffix(f".{os.getpid()}")
        try:
            _bootstrap(unfinished)
            unfinished.replace(kept)
        finally:
            unfinished.unlink(missing_ok=True)
        _forget_others(kept)
    return kept


def _bootstrap(target: Path) -> None:
    install = "apt-get install -y -qq --download-only --no-install-recommends"
    fetch = f"chroot $1 {install} {' '.join(packages('packages.txt'))}"
    command = [
        "mmdebstrap",
        *_OPTIONS,
        f"--include={','.join(packages('installed.txt'))}",
        f"--customize-hook=copy-in {SOURCE}/files/etc /",
        # What is installed nobody installs again.
        '--customize-hook=rm -f "$1"/var/cache/apt/archives/*.deb',
        f"--customize-hook={fetch}",
        f"--customize-hook=chroot $1 python3 - < {SOURCE}/known_packages.py",
        SUITE,
        "-",
    ]
    with target.open("wb") as out, tempfile.TemporaryFile("w+") as told:
        made = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=told, text=False)
        packed = subprocess.run(["zstd", "-q", "-6", "-T0"], stdin=made.stdout, stdout=out, check=False)
        if made.wait() or packed.returncode:
            told.seek(0)
            raise PodmanError(f"mmdebstrap failed:\n{told.read()[-2000:]}")


def _forget_others(kept: Path) -> None:
    for path in kept.parent.glob("test-host-*"):
        if path != kept:
            path.unlink(missing_ok=True)


def _import(base: Path, name: str) -> None:
    with tempfile.TemporaryDirectory(prefix="aerodrome-image-") as folder:
        subprocess.run(["zstd", "-q", "-d", base, "-o", Path(folder, "base.tar")], check=True)
        shutil.copy(SOURCE / "Containerfile", folder)
        podman("build", "--quiet", "--network=none", "--tag", name, folder)
    for other in set(podman("images", "--format", "{{.Repository}}:{{.Tag}}", NAME).split()) - {name}:
        # One that a host still runs stays.
        process("rmi", other)
