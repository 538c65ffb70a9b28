"""For tests of the role python_runtime: a small lock, its packages and the platform's wheel, in a folder."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "shared")]

from aerodrome.runtime.worker_packages import platform_wheel, uv_lock, wheelhouse_of  # noqa: E402
from aerodrome.targets.host_materials import platform_digest  # noqa: E402
from fleet.image import cache  # noqa: E402
from fleet.turns import turn  # noqa: E402

ROOT = HERE.parents[1]
NAMES = ("idna", "packaging")
"""Small packages of the platform's own lock."""


def write(folder: Path) -> Path:
    """Write packages.lock, packages.tar.gz and the platform's wheel into *folder* and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = folder / "packages.lock"
    lock.write_text(_of_lock((ROOT / "requirements.lock").read_text(encoding="utf-8")), encoding="utf-8")
    # Two scenarios may ask at once.
    with turn("role-packages"):
        house, wheel = wheelhouse_of(lock, uv_lock(ROOT), cache()), _wheel()
    for name, kept in (("packages.tar.gz", house), (wheel.name, wheel)):
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(kept)
    return folder


def write_index(folder: Path) -> None:
    """Write what :func:`write` does, and the packages' wheels into the folder `index` below *folder*."""
    write(folder)
    exactly = ("--no-deps", "--require-hashes", "-r", folder / "packages.lock", "-r", uv_lock(ROOT))
    command = (sys.executable, "-m", "pip", "download", "--quiet", *exactly, "-d", folder / "index")
    subprocess.run(command, check=True)


def _wheel() -> Path:
    """Return the platform's wheel, built once for each state of its code, where a deploy keeps it too."""
    kept = cache() / f"platform-{platform_digest(ROOT)}"
    kept.mkdir(exist_ok=True)
    return next(kept.glob("*.whl"), None) or platform_wheel(ROOT, kept)


def _of_lock(text: str) -> str:
    found = [re.search(rf"^{name}==(?:.*\\\n)+.*\n", text, re.MULTILINE) for name in NAMES]
    return "".join(match.group() for match in found if match)


if __name__ == "__main__":
    {"packages": write, "index": write_index}[sys.argv[1]](Path(sys.argv[2]))
