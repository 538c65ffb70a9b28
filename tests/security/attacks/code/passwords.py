"""A task reads the generated passwords and keys of the platform."""

from suite.attack import HELD
from suite.files import read_by
from suite.place import Place
from suite.weakened import everything_readable

FROM = "tenant code in a task"
AGAINST = "everything"
DEFENCE = "passwords are root's"
MUST = HELD
NEEDS = ("platform",)
undefended = everything_readable


def attack(place: Place) -> str:
    """Return the files that can be read."""
    return read_by(place, place.live.platform.layout.secrets.iterdir())
