"""A task reads the memory of another tenant's running task."""

from suite.attack import HELD
from suite.place import MARK, Place
from suite.weakened import code_as_the_victim

FROM = "tenant code in a task"
AGAINST = "running tasks"
DEFENCE = "code of each tenant runs as an operating system user of its own"
MUST = HELD
NEEDS = ("platform",)
undefended = code_as_the_victim
PROGRAM = f"""
import os, re
MARK = bytes(reversed(b"{MARK[::-1]}"))
for pid in filter(str.isdigit, os.listdir("/proc")):
    if int(pid) in (os.getpid(), os.getppid()):
        continue
    try:
        maps, memory = open(f"/proc/{{pid}}/maps").readlines(), open(f"/proc/{{pid}}/mem", "rb", 0)
    except OSError:
        continue
    for line in maps:
        found = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line)
        if not found:
            continue
        start, end = (int(each, 16) for each in found.groups())
        try:
            memory.seek(start)
            if MARK in memory.read(min(end - start, 64 << 20)):
                print("found in", pid)
                break
        except (OSError, OverflowError, ValueError):
            continue
"""


def attack(place: Place) -> str:
    """Return what is got."""
    assert place.live.victim
    return place.code.python(PROGRAM)
