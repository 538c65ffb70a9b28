"""A task reads the memory of another tenant's running task."""

from suite.attack import HELD
from suite.place import MARK, Place
from suite.programs import MEMORIES
from suite.weakened import code_as_the_victim

FROM = "tenant code in a task"
AGAINST = "running tasks"
DEFENCE = "code of each tenant runs as an operating system user of its own"
MUST = HELD
NEEDS = ("platform",)
undefended = code_as_the_victim


def attack(place: Place) -> str:
    """Return what is got."""
    assert place.live.victim
    return place.code.python(MEMORIES, MARK=MARK[::-1])
