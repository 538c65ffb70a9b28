"""A task reads the environment of another tenant's running task."""

from suite.attack import HELD
from suite.place import MARK, Place
from suite.weakened import code_as_the_victim

FROM = "tenant code in a task"
AGAINST = "running tasks"
DEFENCE = "code of each tenant runs as an operating system user of its own"
MUST = HELD
NEEDS = ("platform",)
undefended = code_as_the_victim
PROGRAM = """
import os
for pid in filter(str.isdigit, os.listdir("/proc")):
    if int(pid) == os.getpid() or int(pid) == os.getppid():
        continue
    try:
        content = open(f"/proc/{pid}/environ", "rb").read()
    except OSError:
        continue
    if b"KEPT" in content or b"AIRFLOW" in content:
        print(pid, content.decode(errors="replace"))
"""


def attack(place: Place) -> str:
    """Return what is got."""
    assert place.live.victim
    return "kept" if MARK in place.code.python(PROGRAM) else ""
