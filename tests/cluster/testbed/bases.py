"""Images that others begin with or that stores run from, in the registry of the cluster: made of Debian's packages."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from aerodrome.clients.registry import Registry
from debian_base import BootstrapError, base
from fleet.image import cache
from fleet.turns import turn
from testbed.place import REGISTRY

SOURCE = Path(__file__).resolve().parents[1] / "images"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
PACKAGES = ("buildah", "mmdebstrap", "runc", "zstd")
"""What images are made with, of Debian."""
SETTINGS = Path(__file__).resolve().parents[2] / "hosts/fleet/containers.conf"


@dataclass(frozen=True)
class Base:
    """The image *name*, of a folder of images/ with what its Containerfile asks for and Debian's *packages*."""

    name: str
    tag: str
    packages: tuple[str, ...]
    beside: tuple[Path, ...] = ()

    @property
    def digest(self) -> str:
        """The digest of what it is made of."""
        made = hashlib.sha256(repr(self.packages).encode())
        for path in sorted((*(SOURCE / self.name).iterdir(), *self.beside)):
            made.update(path.read_bytes())
        return made.hexdigest()[:16]

    @property
    def repository(self) -> str:
        """Where it is in the registry."""
        return f"{REGISTRY}/bases/{self.name}"

    @property
    def reference(self) -> str:
        """How environments/sandbox calls it."""
        return f"{self.repository}:{self.tag}"


PYTHON = Base(
    "python", "3.11", ("python3", "python3-venv", "ca-certificates", "git", "openssh-client"), (CERTIFICATES,)
)
STORES = Base("stores", "1", ("postgresql-15", "redis-server"))
ENTRANCE = Base("entrance", "1", ("nginx", "libnginx-mod-stream"))


def ensure_bases(say: Callable[[str], None] = print, bases: Iterable[Base] = (PYTHON, STORES)) -> None:
    """Put *bases* into the registry where it has none of them."""
    registry = Registry(REGISTRY, plain_http=True)
    with turn("bases"):
        for wanted in bases:
            if registry.digest(f"bases/{wanted.name}", wanted.digest) is None:
                say(f"the registry gets {wanted.reference}")
                _make(wanted, say)


def _make(wanted: Base, say: Callable[[str], None]) -> None:
    kept = (
        cache()
        / f"base-{wanted.name}-{hashlib.sha256(repr(wanted.packages).encode()).hexdigest()[:16]}.tar.zst"
    )
    packed = base(kept, [f"--include={','.join(wanted.packages)}"], say)
    with tempfile.TemporaryDirectory(prefix="aerodrome-base-") as folder:
        subprocess.run(["zstd", "-q", "-d", packed, "-o", Path(folder, "base.tar")], check=True)
        for path in (*(SOURCE / wanted.name).iterdir(), *wanted.beside):
            shutil.copy(path, folder)
        _run("build", "--quiet", "--network=none", "--timestamp=0", "--tag", wanted.reference, folder)
        # The second tag says what it was made of.
        for tag in (wanted.tag, wanted.digest):
            place = f"docker://{wanted.repository}:{tag}"
            _run("push", "--quiet", "--tls-verify=false", wanted.reference, place)


def _run(*arguments: str) -> None:
    command = ["buildah", *arguments]
    own = {**os.environ, "CONTAINERS_CONF": str(SETTINGS)}
    done = subprocess.run(command, env=own, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BootstrapError(f"buildah {arguments[0]}: {done.stderr[-2000:]}")
