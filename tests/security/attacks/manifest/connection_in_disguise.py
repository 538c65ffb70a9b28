"""A task names another tenant's connection by separators, encodings, look-alikes or other letters."""

from suite.attack import HELD
from suite.manifests import at_their_word, granted, task
from suite.place import Place

FROM = "a tenant's manifest"
AGAINST = "connections"
DEFENCE = "names are slugs of a-z, 0-9 and _"
MUST = HELD
NEEDS = ()
undefended = at_their_word


def harmless(place: Place) -> str:
    """Return the same of a manifest that does no harm."""
    return granted(place, task("sql.query", {"connection": "warehouse", "sql": "SELECT 1"}), "SELECT 1")


def attack(place: Place) -> str:
    """Return what of it stands in the rendered DAG."""
    names = (
        "../beta/warehouse",
        "beta%2ewarehouse",
        "beta\uff0ewarehouse",
        "w\u0430rehouse",
        "Warehouse",
        "warehouse\0",
    )
    asked = ((name, task("sql.query", {"connection": name, "sql": "SELECT 1"})) for name in names)
    return ", ".join(ascii(name) for name, manifest in asked if granted(place, manifest, "SELECT 1"))
