"""A task reads another tenant's package and libraries in its virtual environment."""

from suite.attack import HELD
from suite.place import Place
from suite.weakened import code_as_the_victim

FROM = "tenant code in a task"
AGAINST = "tenants' source"
DEFENCE = "code of each tenant runs as an operating system user of its own"
MUST = HELD
NEEDS = ("platform",)
undefended = code_as_the_victim


def attack(place: Place) -> str:
    """Return what is got."""
    folder = place.live.platform.layout.runtimes / "beta"
    return place.code.bash(f"ls -R {folder} 2>/dev/null | grep -m1 keeping.py").text
