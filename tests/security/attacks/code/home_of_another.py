"""A task reads and lists another tenant's data folder."""

from suite.attack import HELD
from suite.place import Place
from suite.weakened import code_as_the_victim

FROM = "tenant code in a task"
AGAINST = "tenants' data"
DEFENCE = "code of each tenant runs as an operating system user of its own"
MUST = HELD
NEEDS = ("platform",)
undefended = code_as_the_victim


def attack(place: Place) -> str:
    """Return what is got."""
    path = place.live.started
    return place.code.bash(f"cat {path} 2>/dev/null; ls {path.parent} 2>/dev/null").text
