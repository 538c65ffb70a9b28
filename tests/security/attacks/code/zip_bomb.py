"""A file of a few hundred bytes unpacks, in one step, to more than its tenant may take; a neighbour's task goes on."""

import functools
import io
import zipfile

from suite.attack import HELD
from suite.guarded import require_end
from suite.neighbours import Signs, beside
from suite.place import Place
from suite.weakened import without_limits

FROM = "tenant code in a task"
AGAINST = "workers"
DEFENCE = "files are unpacked by a process of the tenant's, with the tenant's memory"
MUST = HELD
NEEDS = ("platform",)
undefended = without_limits
NAME = "bomb.zip"
WRITE = """
import os
from pathlib import Path
home = Path(os.environ["HOME"])
(home.parent / "data" / os.environ["NAME"]).write_bytes(bytes.fromhex(os.environ["ARCHIVE"]))
"""
# The tenant may take 256 MiB.
PIECES, PIECE = 18, 16 << 20


def harmless(place: Place) -> str:
    """Return how much an ordinary archive holds."""
    return _read(place, _packed(1))


def attack(place: Place) -> str:
    """Return how much was unpacked."""
    return beside(place, lambda signs: _read_again_and_again(place, signs))


def _read_again_and_again(place: Place, signs: Signs) -> str:
    signs.full.touch()
    read = [_read(place, _packed(PIECES))]
    while not signs.enough.exists():
        read.append(_read(place, _packed(PIECES)))
    return max(read)


def _read(place: Place, archive: bytes) -> str:
    place.code.python(WRITE, ARCHIVE=archive.hex(), NAME=NAME)
    output = place.code.job("read", {"root": "data", "path": NAME})
    # Whichever comes first: the process gets no more, or it is seen to have too much.
    require_end(output, "MemoryError", "used more than its limit")
    return f"{output.result['size']:,} bytes" if output.result else ""


@functools.cache
def _packed(pieces: int) -> bytes:
    with io.BytesIO() as target:
        # A stream of this kind is unpacked by 4 KiB of it at a time, however much comes out.
        with zipfile.ZipFile(target, "w", zipfile.ZIP_BZIP2) as archive, archive.open("zeros", "w") as member:
            for _ in range(pieces):
                member.write(bytes(PIECE))
        return target.getvalue()
