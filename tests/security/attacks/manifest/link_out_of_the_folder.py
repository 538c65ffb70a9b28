"""A link in the tenant's folder leads to another tenant's file."""

from suite.attack import HELD
from suite.manifests import at_their_word, rendered, repository, task
from suite.place import ATTACKER, Place

FROM = "a tenant's manifest"
AGAINST = "tenants' source"
DEFENCE = "links are refused wherever files are read"
MUST = HELD
NEEDS = ()
undefended = at_their_word


def attack(place: Place) -> str:
    """Return what of the other tenant's file has come into the DAG."""
    root = repository(place)
    folder = root / "tenants" / ATTACKER / "dags"
    (folder / "query.sql").symlink_to("../../beta/src/beta/keeping.py")
    (folder / "attack.yaml").write_text(
        task("sql.query", {"connection": "warehouse", "sql": {"$f": "query.sql"}})
    )
    text = rendered(place, root).text
    return text if "What the attacked tenant has" in text else ""
