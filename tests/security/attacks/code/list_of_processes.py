"""A task lists the processes of others, with their users and command lines."""

from suite.attack import not_isolated
from suite.place import Place

FROM = "tenant code in a task"
AGAINST = "running tasks"
DEFENCE = "none"
MUST = not_isolated(
    "Linux shows every user the list of processes. No secret stands in a command line or in a name; `hidepid=2` on "
    "/proc hides the rest where operations mount it so."
)
NEEDS = ("platform",)


def attack(place: Place) -> str:
    """Return what is got."""
    assert place.live.victim
    return place.code.bash(
        "ps -eo user:32= 2>/dev/null | grep -m1 ^_beta || grep -l beta /proc/[0-9]*/cmdline"
    ).text
