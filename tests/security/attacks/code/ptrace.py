"""A task attaches to another tenant's running task as a debugger."""

from suite.attack import HELD
from suite.place import Place
from suite.weakened import code_as_the_victim

FROM = "tenant code in a task"
AGAINST = "running tasks"
DEFENCE = "code of each tenant runs as an operating system user of its own"
MUST = HELD
NEEDS = ("platform",)
undefended = code_as_the_victim
PROGRAM = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
ATTACH, DETACH, target = 16, 17, int(os.environ["VICTIM"])
if libc.ptrace(ATTACH, target, 0, 0) == 0:
    os.waitpid(target, 0x40000000)
    libc.ptrace(DETACH, target, 0, 0)
    print("attached")
"""


def attack(place: Place) -> str:
    """Return what is got."""
    return place.code.python(PROGRAM, VICTIM=str(place.live.victim))
