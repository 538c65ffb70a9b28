"""A task reports that it has updated another tenant's asset, which would start that tenant's DAGs."""

from suite.attack import HELD
from suite.place import Place
from suite.reports import done, taken
from suite.weakened import no_guard

FROM = "tenant code in a task"
AGAINST = "assets, DAG runs"
DEFENCE = "the guard reads what tasks report"
MUST = HELD
NEEDS = ("api",)
undefended = no_guard
BETA = {"name": "beta.table", "uri": "beta.table"}
REPORTS = {
    "asset": done([BETA | {"type": "Asset"}]),
    "asset by name": done([{"name": "beta.table", "type": "AssetNameRef"}]),
    "asset by address": done([{"uri": "beta.table", "type": "AssetUriRef"}]),
}


def harmless(place: Place) -> str:
    """Return whether the own asset may be reported."""
    return taken(place, {"own": done([{"name": "alpha.table", "uri": "alpha.table", "type": "Asset"}])})


def attack(place: Place) -> str:
    """Return the reports that are taken."""
    return taken(place, REPORTS)
