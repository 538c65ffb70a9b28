"""A task takes more memory than its tenant may, in several processes; a neighbour's task goes on."""

from suite.attack import HELD
from suite.neighbours import HOLD, Signs, beside
from suite.place import Place
from suite.weakened import without_limits

FROM = "tenant code in a task"
AGAINST = "the machine"
DEFENCE = "each task has a memory limit"
MUST = HELD
NEEDS = ("platform",)
undefended = without_limits
# The tenant may take 256 MiB.
PROGRAM = """
import os
readers = []
# Each process holds its memory until the end of this one, which closes the pipe.
end, ending = os.pipe()
for _ in range(4):
    reader, writer = os.pipe()
    if not os.fork():
        os.close(ending)
        held = bytearray(120 * 1024 * 1024)
        os.write(writer, b"x")
        os.read(end, 1)
        os._exit(0)
    os.close(writer)
    readers.append(reader)
if all(os.read(reader, 1) for reader in readers):
    print("480 MiB at once")
hold()
"""


def attack(place: Place) -> str:
    """Return what is got."""
    said = beside(place, lambda signs: _take(place, signs))
    return said if "480 MiB" in said else ""


def _take(place: Place, signs: Signs) -> str:
    return place.code.python(HOLD + PROGRAM, may_end="used more than its limit", SIGNS=str(signs.folder))
