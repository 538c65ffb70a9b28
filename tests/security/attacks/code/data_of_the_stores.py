"""A task reads the files of database, broker and secrets store."""

from suite.attack import HELD
from suite.files import read_by
from suite.place import Place
from suite.weakened import everything_readable

FROM = "tenant code in a task"
AGAINST = "the database, the broker, the secrets store"
DEFENCE = "each store has a user and a private folder"
MUST = HELD
NEEDS = ("platform",)
undefended = everything_readable


def attack(place: Place) -> str:
    """Return the files that can be read."""
    data = place.live.platform.layout.data
    return read_by(place, [file for file in data.rglob("*") if file.is_file()][:200])
