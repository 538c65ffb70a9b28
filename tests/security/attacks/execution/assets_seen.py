"""A task looks at another tenant's assets and their events."""

from suite.attack import HELD
from suite.place import Place
from suite.tasks import answered
from suite.weakened import no_guard

FROM = "tenant code in a task"
AGAINST = "assets"
DEFENCE = "the guard before the execution API"
MUST = HELD
NEEDS = ("api",)
undefended = no_guard
REQUESTS = (
    ("GET", "/assets/by-name?name=beta.table"),
    ("GET", "/assets/by-uri?uri=beta.table"),
    ("GET", "/asset-events/by-asset?name=beta.table&uri="),
    ("GET", "/asset-events/by-asset-alias?name=alias_of_beta"),
    ("GET", "/assets/by-alias?alias_name=alias_of_beta"),
)


def harmless(place: Place) -> str:
    """Return what the task gets of its own."""
    return answered(place, [("GET", "/dags/alpha.daily")])


def attack(place: Place) -> str:
    """Return the requests that are answered."""
    return answered(place, REQUESTS)
