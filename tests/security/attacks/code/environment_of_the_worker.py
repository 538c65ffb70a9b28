"""A task reads the environment of the worker that started it, and of its supervisor."""

from suite.attack import HELD
from suite.place import Place
from suite.programs import ENVIRONMENTS
from suite.weakened import code_as_the_worker

FROM = "tenant code in a task"
AGAINST = "workers"
DEFENCE = "code of each tenant runs as an operating system user of its own"
MUST = HELD
NEEDS = ("platform",)
undefended = code_as_the_worker


def attack(place: Place) -> str:
    """Return what is got."""
    assert place.live.victim
    return "settings" if "AIRFLOW_HOME" in place.code.python(ENVIRONMENTS) else ""
