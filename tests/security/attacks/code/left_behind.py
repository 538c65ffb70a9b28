"""A task leaves a process behind that goes on after it has ended."""

import time

import psutil
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


def attack(place: Place) -> str:
    """Return what is got."""
    place.code.bash(f"(setsid sleep {SECONDS} >/dev/null 2>&1 &); sleep 0.5")
    time.sleep(1)
    left = [
        found for found in psutil.process_iter(["cmdline"]) if found.info["cmdline"] == ["sleep", SECONDS]
    ]
    for process in left:
        process.kill()
    return "a process" if left else ""
