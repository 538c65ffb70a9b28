"""A task names another tenant's connection."""

from suite.attack import HELD
from suite.manifests import at_their_word, granted, task
from suite.place import Place

FROM = "a tenant's manifest"
AGAINST = "connections"
DEFENCE = "a connection is a name of tenant.yaml, never an id"
MUST = HELD
NEEDS = ()
undefended = at_their_word


def harmless(place: Place) -> str:
    """Return the same of a manifest that does no harm."""
    return granted(place, task("sql.query", {"connection": "warehouse", "sql": "SELECT 1"}), "SELECT 1")


def attack(place: Place) -> str:
    """Return what of it stands in the rendered DAG."""
    return granted(
        place, task("sql.query", {"connection": "beta.warehouse", "sql": "SELECT 1"}), "beta.warehouse"
    )
