"""A YAML tag makes an object, or calls a function, while the manifest is read."""

from suite.attack import HELD
from suite.manifests import at_their_word, document, granted
from suite.place import Place

FROM = "a tenant's manifest"
AGAINST = "the process that reads manifests"
DEFENCE = "the YAML reader knows no tags"
MUST = HELD
NEEDS = ()
undefended = at_their_word


def harmless(place: Place) -> str:
    """Return the same of a manifest that does no harm."""
    return granted(place, document(description="plain"), "DAG(")


def attack(place: Place) -> str:
    """Return what of it stands in the rendered DAG."""
    tags = (
        "!!python/object/apply:platform.python_implementation []",
        "!!python/name:os.system",
        "!!python/tuple [1]",
    )
    asked = (
        f"dag_id: attack\nschedule: null\ndescription: {tag}\ntasks: [{{id: run, uses: flow.empty}}]\n"
        for tag in tags
    )
    return "".join(granted(place, each, "DAG(") for each in asked)
