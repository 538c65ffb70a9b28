"""A task takes its slots from another tenant's pool."""

from suite.attack import HELD
from suite.manifests import at_their_word, granted, task
from suite.place import Place

FROM = "a tenant's manifest"
AGAINST = "pools"
DEFENCE = "the rule `pool`"
MUST = HELD
NEEDS = ()
undefended = at_their_word


def harmless(place: Place) -> str:
    """Return the same of a manifest that does no harm."""
    return granted(place, task("flow.empty", {}, pool="own"), "alpha.own")


def attack(place: Place) -> str:
    """Return what of it stands in the rendered DAG."""
    pools = ("beta", "default_pool", "beta.heavy")
    return ", ".join(p for p in pools if granted(place, task("flow.empty", {}, pool=p), p))
