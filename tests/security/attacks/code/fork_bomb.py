"""A task starts processes without an end; a neighbour's task goes on."""

from suite.attack import HELD
from suite.neighbours import HOLD, beside
from suite.place import Place
from suite.weakened import without_limits

FROM = "tenant code in a task"
AGAINST = "the machine"
DEFENCE = "each tenant has a number of processes"
MUST = HELD
NEEDS = ("platform",)
undefended = without_limits
PROGRAM = """
import os, signal, time
started = []
try:
    while len(started) < 600:
        pid = os.fork()
        if not pid:
            time.sleep(120)
            os._exit(0)
        started.append(pid)
    print("600 processes")
except OSError:
    pass
hold()
for pid in started:
    os.kill(pid, signal.SIGKILL)
"""


def attack(place: Place) -> str:
    """Return what is got."""
    said = beside(place, lambda signs: place.code.python(HOLD + PROGRAM, SIGNS=str(signs.folder)))
    return said if "600 processes" in said else ""
