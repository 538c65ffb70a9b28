"""A task leaves a process behind that goes on after it has ended."""

import psutil
from aerodrome.local.machine.deadline import wait_until
from suite.attack import HELD
from suite.place import Place
from suite.weakened import without_launcher

FROM = "tenant code in a task"
AGAINST = "workers"
DEFENCE = "all that a task started ends with it"
MUST = HELD
NEEDS = ("platform",)
undefended = without_launcher
SECONDS = "45678"
SCRIPT = f"""
setsid sleep {SECONDS} >/dev/null 2>&1 &
until grep -qs ^sleep /proc/$!/cmdline; do sleep 0.1; done
"""


def attack(place: Place) -> str:
    """Return what is got."""
    place.code.bash(SCRIPT)
    # A process that was killed is listed until somebody has buried it.
    if not place.code.direct:
        wait_until(lambda: not _left(), 10)
    left = _left()
    for process in left:
        process.kill()
    return "a process" if left else ""


def _left() -> list[psutil.Process]:
    wanted = ["sleep", SECONDS]
    return [found for found in psutil.process_iter(["cmdline"]) if found.info["cmdline"] == wanted]
