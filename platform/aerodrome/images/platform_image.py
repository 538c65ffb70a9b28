"""The platform's image: Airflow with everything that its processes import."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from aerodrome.errors import AerodromeError
from aerodrome.images.recipe import FOLDER, Recipe, labels, tag_of
from aerodrome.images.sbom import sbom
from aerodrome.progress import Progress
from aerodrome.runtime.worker_code import all_code
from aerodrome.runtime.worker_packages import platform_wheel, uv_lock, wheelhouse, worker_lock

NAME = "platform"
TITLE = "Airflow with Aerodrome"
FILE = "Dockerfile"
SBOM = "sbom.cdx.json"
_BESIDE = ("entrypoint", "clean-logs")


def platform_image(root: Path, base: str, cache: Path) -> Recipe:
    """Return the recipe of the platform's image of the repository *root*, which begins with the image *base*.

    The packages are kept in *cache*, once for each lock.
    """
    tag = tag_of([("base", base.encode()), ("machine", os.uname().machine.encode()), *_inputs(root)])

    def fill(folder: Path, say: Progress) -> None:
        for name in (FILE, *_BESIDE):
            shutil.copy(root / FOLDER / name, folder)
        _link(wheelhouse(root, cache, say), folder / "packages.tar.gz")
        (folder / SBOM).write_text(json.dumps(sbom(worker_lock(root)), indent=1), encoding="utf-8")
        say("building the platform's own wheel")
        (folder / "wheels").mkdir()
        platform_wheel(root, folder / "wheels")

    arguments = {"BASE": base, "CODE": tag}
    return Recipe(NAME, tag, f"{FOLDER}/{FILE}", FILE, fill, arguments, labels(TITLE, tag))


def _inputs(root: Path) -> Iterator[tuple[str, bytes]]:
    files = [root / FOLDER / name for name in (FILE, *_BESIDE)]
    files += [worker_lock(root), uv_lock(root)]
    yield from all_code(root).items()
    for file in files:
        try:
            yield str(file.relative_to(root)), file.read_bytes()
        except OSError as problem:
            raise AerodromeError(
                f"{file.relative_to(root)}: {problem.strerror}", "check out the commit again"
            ) from None


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        # On another disk.
        shutil.copy(source, target)
