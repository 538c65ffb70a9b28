"""A task fills the disk."""

from suite.attack import not_isolated
from suite.place import Place

FROM = "tenant code in a task"
AGAINST = "the machine"
DEFENCE = "none"
MUST = not_isolated(
    "Folders have no quota here: a task can fill the disk that its home is on. Where tenants are not trusted with "
    "it, put the state folder on a file system with project quotas."
)
NEEDS = ("platform",)


def attack(place: Place) -> str:
    """Return what is got."""
    script = "dd if=/dev/zero of=large bs=1M count=300 2>/dev/null && stat -c %s large; rm -f large"
    return place.code.bash(script).text
