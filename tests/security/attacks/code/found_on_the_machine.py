"""A task collects what it can read of the platform, and finds a password, a key or another tenant's secret in it."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from suite.attack import HELD
from suite.files import readable
from suite.place import MARK, Place
from suite.weakened import code_as_the_worker

FROM = "tenant code in a task"
AGAINST = "everything"
DEFENCE = "what holds a secret is private to one user"
MUST = HELD
NEEDS = ("platform",)
undefended = code_as_the_worker
# Programs hold no secret and many megabytes, and the attacker's own things are its own.
LEFT_OUT = ("venv", "python", "runtimes", "tools")
ELSEWHERE = ("/dev/shm", "/run", "/var/tmp")
LARGEST = 8 << 20


def attack(place: Place) -> str:
    """Return the files that can be read and hold a secret."""
    assert place.live.started
    layout = place.live.platform.layout
    secrets = {file.read_bytes().strip() for file in layout.secrets.iterdir() if file.is_file()} | {
        MARK.encode()
    }
    files = [file for file in _files(layout.state) if any(each in _content(file) for each in secrets if each)]
    return ", ".join(readable(place, files))


def _content(file: Path) -> bytes:
    # Some are namespaces of the kernel's, which not even root reads, or gone by now.
    with contextlib.suppress(OSError):
        return file.read_bytes()
    return b""


def _files(state: Path) -> Iterator[Path]:
    places = [folder for folder in state.iterdir() if not folder.name.startswith(LEFT_OUT)]
    for place in (*places, *map(Path, ELSEWHERE)):
        for file in place.rglob("*") if place.is_dir() else ():
            if file.is_file() and not file.is_symlink() and file.stat().st_size < LARGEST:
                yield file
