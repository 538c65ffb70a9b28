"""A task starts processes without an end."""

from suite.attack import HELD
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
            time.sleep(20)
            os._exit(0)
        started.append(pid)
    print("600 processes")
except OSError:
    pass
for pid in started:
    os.kill(pid, signal.SIGKILL)
"""


def attack(place: Place) -> str:
    """Return what is got."""
    said = place.code.python(PROGRAM)
    return said if "600 processes" in said else ""
