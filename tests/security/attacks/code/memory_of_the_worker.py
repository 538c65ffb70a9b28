"""A task reads the memory of worker, launcher and of the processes that watch over tasks, and looks for passwords."""

from aerodrome.local.machine import credentials
from suite.attack import HELD
from suite.place import Place
from suite.programs import MEMORIES
from suite.weakened import code_as_the_worker

FROM = "tenant code in a task"
AGAINST = "workers"
DEFENCE = "code of each tenant runs as an operating system user of its own"
MUST = HELD
NEEDS = ("platform",)
undefended = code_as_the_worker


def attack(place: Place) -> str:
    """Return what is got."""
    password = place.live.platform.credentials.get(credentials.redis_zone(place.code.zone))
    return place.code.python(MEMORIES, MARK=password[::-1])
