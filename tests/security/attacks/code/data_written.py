"""A task writes into another tenant's data folder, and puts a link there."""

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
    folder = place.live.started.parent
    script = f"(echo x > {folder}/planted && rm {folder}/planted && echo written) 2>/dev/null; "
    return place.code.bash(
        f"{script} (ln -s /etc/passwd {folder}/link && rm {folder}/link && echo linked) 2>/dev/null; true"
    ).text
