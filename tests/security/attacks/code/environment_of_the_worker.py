"""A task reads the environment of the worker that started it, and of its supervisor."""

from suite.attack import HELD
from suite.place import Place
from suite.weakened import code_as_the_worker

FROM = "tenant code in a task"
AGAINST = "workers"
DEFENCE = "code of each tenant runs as an operating system user of its own"
MUST = HELD
NEEDS = ("platform",)
undefended = code_as_the_worker
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
    return "settings" if "AIRFLOW_HOME" in place.code.python(PROGRAM) else ""
