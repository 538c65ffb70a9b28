"""A manifest updates, reads and waits for another tenant's assets."""

from suite.attack import HELD
from suite.manifests import at_their_word, document, granted, task
from suite.place import Place

FROM = "a tenant's manifest"
AGAINST = "assets"
DEFENCE = "an asset is a name, and gets the tenant's prefix"
MUST = HELD
NEEDS = ()
undefended = at_their_word


def harmless(place: Place) -> str:
    """Return the same of a manifest that does no harm."""
    return granted(place, task("flow.empty", {}, produces=["table"]), "alpha.table")


def attack(place: Place) -> str:
    """Return what of it stands in the rendered DAG."""
    asked = (
        task("flow.empty", {}, produces=["beta.table"]),
        task("flow.empty", {}, consumes=["beta.table"]),
        document(schedule={"any_asset": ["beta.table"]}),
    )
    return "".join(granted(place, each, "beta.table") for each in asked)
