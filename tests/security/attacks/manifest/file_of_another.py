"""A manifest includes a file out of another tenant's folder."""

from suite.attack import HELD
from suite.manifests import at_their_word, granted, task
from suite.place import Place

FROM = "a tenant's manifest"
AGAINST = "tenants' source"
DEFENCE = "included files stay below the tenant's folder"
MUST = HELD
NEEDS = ()
undefended = at_their_word


def harmless(place: Place) -> str:
    """Return the same of a manifest that does no harm."""
    return granted(
        place,
        task("sql.query", {"connection": "warehouse", "sql": {"$f": "own.sql"}}),
        "SELECT 7",
        files={"dags/own.sql": "SELECT 7"},
    )


def attack(place: Place) -> str:
    """Return what of it stands in the rendered DAG."""
    paths = ("../../beta/src/beta/keeping.py", "..//../beta/./src/beta/keeping.py", "/etc/passwd")
    asked = (task("sql.query", {"connection": "warehouse", "sql": {"$f": path}}) for path in paths)
    return "".join(granted(place, each, "What the attacked tenant has", "root:x:0:0") for each in asked)
