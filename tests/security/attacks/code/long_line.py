"""A task writes one line of many megabytes, which whoever reads line by line would hold at once."""

from suite.attack import HELD
from suite.place import Place
from suite.weakened import without_launcher

FROM = "tenant code in a task"
AGAINST = "workers"
DEFENCE = "the launcher hands a long line on in pieces"
MUST = HELD
NEEDS = ("platform",)
undefended = without_launcher
LONGEST = 1 << 20


def harmless(place: Place) -> str:
    """Return that a line of an ordinary length comes."""
    return str(place.code.bash("echo a line").text)


def attack(place: Place) -> str:
    """Return how long a line came."""
    lines = place.code.bash("head -c 16000000 /dev/zero | tr '\\0' x").text.splitlines()
    assert sum(map(len, lines)) > LONGEST
    longest = max(map(len, lines))
    return f"a line of {longest:,} characters" if longest > LONGEST else ""
