"""A task lists all command lines of the machine and looks for secrets in them."""

from suite.attack import HELD
from suite.place import MARK, Place
from suite.weakened import a_secret_on_a_command_line

FROM = "tenant code in a task"
AGAINST = "running tasks"
DEFENCE = "secrets travel in pipes, never on command lines"
MUST = HELD
NEEDS = ("platform",)
undefended = a_secret_on_a_command_line
PROGRAM = """
import os
for pid in filter(str.isdigit, os.listdir("/proc")):
    try:
        print(open(f"/proc/{pid}/cmdline").read().replace(chr(0), " "))
    except OSError:
        pass
"""


def attack(place: Place) -> str:
    """Return what is got."""
    assert place.live.victim
    lines = place.code.python(PROGRAM)
    kept = [
        MARK,
        *(
            file.read_text().strip()
            for file in place.live.platform.layout.secrets.iterdir()
            if file.is_file()
        ),
    ]
    return ", ".join(line for line in lines.splitlines() if any(each in line for each in kept if each))
