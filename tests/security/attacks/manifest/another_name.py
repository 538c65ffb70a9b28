"""A manifest takes another tenant's owner or tag."""

from suite.attack import HELD
from suite.manifests import at_their_word, document, granted, task
from suite.place import Place

FROM = "a tenant's manifest"
AGAINST = "lists that are filtered by owner or tag"
DEFENCE = "owner and tenant's tag are set by the platform"
MUST = HELD
NEEDS = ()
undefended = at_their_word


def harmless(place: Place) -> str:
    """Return the same of a manifest that does no harm."""
    return granted(place, document(tags=["words"]), "words")


def attack(place: Place) -> str:
    """Return what of it stands in the rendered DAG."""
    asked = (document(tags=["tenant:beta"]), task("flow.empty", {}, owner="Team beta"))
    return "".join(granted(place, each, "tenant:beta", "Team beta") for each in asked)
