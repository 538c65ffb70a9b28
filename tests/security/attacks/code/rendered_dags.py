"""A task reads other tenants' rendered DAGs, with their SQL and arguments, in the bundle and its copies."""

from suite.attack import HELD
from suite.place import MARK, Place
from suite.weakened import code_as_the_worker

FROM = "tenant code in a task"
AGAINST = "tenants' source"
DEFENCE = "the bundle is open to its readers only"
MUST = HELD
NEEDS = ("platform",)
undefended = code_as_the_worker


def attack(place: Place) -> str:
    """Return what is got."""
    layout = place.live.platform.layout
    script = f"git --git-dir={layout.bundle} show main:beta/keeps.py 2>/dev/null; "
    script += f"grep -rls {MARK} {layout.state}/bundles"
    return place.code.bash(f"{script}; ls {layout.bundle}/objects 2>/dev/null").text
