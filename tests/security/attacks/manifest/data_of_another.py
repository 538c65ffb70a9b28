"""A path field leads out of the tenant's data folder."""

from suite.attack import HELD
from suite.manifests import at_their_word, granted, task
from suite.place import Place

FROM = "a tenant's manifest"
AGAINST = "tenants' data"
DEFENCE = "paths are relative and have no '..'"
MUST = HELD
NEEDS = ()
undefended = at_their_word


def harmless(place: Place) -> str:
    """Return the same of a manifest that does no harm."""
    return granted(
        place,
        task("sql.load", {"connection": "warehouse", "table": "x", "file": "data/kept.txt"}),
        "kept.txt",
    )


def attack(place: Place) -> str:
    """Return what of it stands in the rendered DAG."""
    path = "../../beta/data/kept.txt"
    fields = (
        ("file.wait", {"path": path}),
        ("sql.load", {"connection": "warehouse", "table": "x", "file": path}),
        ("sql.load", {"connection": "warehouse", "table": "x", "package_file": path}),
        ("sql.chart", {"connection": "warehouse", "sql": "SELECT 1", "file": path}),
        ("spark.submit", {"application": path}),
    )
    return "".join(granted(place, task(uses, given), "../beta") for uses, given in fields)
