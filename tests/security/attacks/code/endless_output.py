"""A task prints without an end, to fill the disk on which everybody's logs are; a neighbour's task goes on."""

from suite.attack import HELD
from suite.neighbours import HOLD_HERE, Signs, beside
from suite.place import Place
from suite.weakened import without_an_end_of_output

FROM = "tenant code in a task"
AGAINST = "task logs"
DEFENCE = "the launcher ends a job that prints more than its log may hold"
MUST = HELD
NEEDS = ("platform",)
undefended = without_an_end_of_output
# A log holds a hundred mebibytes.
FIRST, MORE, LOG = 90_000_000, 40_000_000, 110_000_000
# Not so many lines that their number ends it.
LINES = f"yes {'x' * 2000} | head -c"
SCRIPT = f"{LINES} {FIRST}{HOLD_HERE}{LINES} {MORE}"


def attack(place: Place) -> str:
    """Return how much was taken."""
    return beside(place, lambda signs: _print(place, signs))


def _print(place: Place, signs: Signs) -> str:
    size = place.code.bash(SCRIPT, may_end="printed more than", SIGNS=str(signs.folder)).size
    assert size >= FIRST, f"only {size:,} characters were printed"
    return f"{size:,} characters" if size > LOG else ""
