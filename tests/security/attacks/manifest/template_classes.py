"""A template walks from a text to Python's classes and what they have loaded."""

from suite.attack import HELD
from suite.manifests import at_their_word, granted, task
from suite.place import Place

FROM = "a tenant's manifest"
AGAINST = "the process that renders"
DEFENCE = "templates are an allow-list of words, filters and methods"
MUST = HELD
NEEDS = ()
undefended = at_their_word


def harmless(place: Place) -> str:
    """Return the same of a manifest that does no harm."""
    return granted(
        place, task("sql.query", {"connection": "warehouse", "sql": "SELECT 1 -- {{ ds }}"}), "SELECT 1"
    )


def attack(place: Place) -> str:
    """Return what of it stands in the rendered DAG."""
    ways = (
        "{{ ''.__class__.__mro__ }}",
        "{{ (''|attr('__class__')).__mro__ }}",
        "{{ params.__init__.__globals__ }}",
        "{{ ''|map(attribute='__class__')|list }}",
        "{{ cycler.__init__.__globals__ }}",
    )
    asked = (task("sql.query", {"connection": "warehouse", "sql": f"SELECT 1 -- {way}"}) for way in ways)
    return "".join(granted(place, each, "SELECT 1") for each in asked)
