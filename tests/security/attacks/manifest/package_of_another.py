"""A task calls a function of another tenant's package."""

from suite.attack import HELD
from suite.manifests import at_their_word, granted, task
from suite.place import Place

FROM = "a tenant's manifest"
AGAINST = "tenants' source"
DEFENCE = "a function is one of the tenant's own package"
MUST = HELD
NEEDS = ()
undefended = at_their_word


def harmless(place: Place) -> str:
    """Return the same of a manifest that does no harm."""
    return granted(
        place,
        task("python.call", {"function": "alpha.words:count", "args": {"text": "x"}}),
        "alpha.words:count",
    )


def attack(place: Place) -> str:
    """Return what of it stands in the rendered DAG."""
    return granted(
        place, task("python.call", {"function": "beta.keeping:give", "args": {"mark": "x"}}), "beta.keeping"
    )
