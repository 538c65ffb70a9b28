"""A task ends another tenant's running task by a signal."""

from suite.attack import HELD
from suite.place import Place
from suite.weakened import code_as_the_victim

FROM = "tenant code in a task"
AGAINST = "running tasks"
DEFENCE = "code of each tenant runs as an operating system user of its own"
MUST = HELD
NEEDS = ("platform",)
undefended = code_as_the_victim


def attack(place: Place) -> str:
    """Return what is got."""
    return place.code.python(
        "import os\ntry:\n os.kill(int(os.environ['VICTIM']), 0)\n print('may')\nexcept OSError:\n pass",
        VICTIM=str(place.live.victim),
    )
