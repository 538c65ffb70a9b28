"""A task reads the large results of another tenant in their folder."""

from suite.attack import HELD
from suite.files import read_by
from suite.place import Place
from suite.weakened import code_as_the_worker

FROM = "tenant code in a task"
AGAINST = "XComs"
DEFENCE = "the folder of results is the workers'"
MUST = HELD
NEEDS = ("platform",)
undefended = code_as_the_worker


def attack(place: Place) -> str:
    """Return the files that can be read."""
    folder = place.live.large_result.parent
    return read_by(place, folder.rglob("*"))
