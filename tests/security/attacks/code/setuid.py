"""A task gains root by a program that runs as its owner."""

import shutil
import tempfile
from pathlib import Path

from suite.attack import HELD
from suite.place import Place
from suite.weakened import without_launcher

FROM = "tenant code in a task"
AGAINST = "the machine"
DEFENCE = "no process of a task may gain rights (no_new_privs)"
MUST = HELD
NEEDS = ("platform",)
undefended = without_launcher


def attack(place: Place) -> str:
    """Return what is got."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        program = Path(folder, "become-root")
        shutil.copy2("/bin/bash", program)
        program.chmod(0o4755)
        said = place.code.bash(f"{program} -p -c 'id -un'").text
    return said if "root" in said else ""
