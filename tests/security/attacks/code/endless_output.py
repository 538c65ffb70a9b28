"""A task prints without an end, to fill the disk on which everybody's logs are."""

from suite.attack import HELD
from suite.place import Place
from suite.weakened import without_an_end_of_output

FROM = "tenant code in a task"
AGAINST = "task logs"
DEFENCE = "the launcher ends a job that prints more than its log may hold"
MUST = HELD
NEEDS = ("platform",)
undefended = without_an_end_of_output
# A log holds a hundred mebibytes.
PRINTED, LOG = 130_000_000, 110_000_000


def attack(place: Place) -> str:
    """Return how much was taken."""
    size = place.code.bash(f"yes {'x' * 200} | head -c {PRINTED}").size
    assert size, "nothing was printed"
    return f"{size:,} characters" if size > LOG else ""
