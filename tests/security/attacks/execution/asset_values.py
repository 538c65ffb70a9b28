"""A task reads, writes and deletes the values that another tenant keeps with an asset."""

from suite.attack import HELD
from suite.place import Place
from suite.tasks import answered, made
from suite.weakened import no_guard

FROM = "tenant code in a task"
AGAINST = "assets"
DEFENCE = "the guard before the execution API"
MUST = HELD
NEEDS = ("api",)
undefended = no_guard
WRITING = ("PUT", "/store/asset/by-name/value?name=beta.table&key=planted2", {"value": 1})
REQUESTS = (
    ("GET", "/store/asset/by-name/value?name=beta.table&key=state"),
    WRITING,
    ("DELETE", "/store/asset/by-uri/value?uri=beta.table&key=planted2"),
)


def harmless(place: Place) -> str:
    """Return what the task gets of its own."""
    return answered(place, [("GET", "/dags/alpha.daily")])


def attack(place: Place) -> str:
    """Return the requests that are answered."""
    made(place, WRITING)
    return answered(place, REQUESTS)
