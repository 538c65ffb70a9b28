"""A manifest claims another tenant's DAG id."""

from suite.attack import HELD
from suite.manifests import at_their_word, document, granted
from suite.place import Place

FROM = "a tenant's manifest"
AGAINST = "DAG ids"
DEFENCE = "the folder is the prefix of each id"
MUST = HELD
NEEDS = ()
undefended = at_their_word


def harmless(place: Place) -> str:
    """Return the same of a manifest that does no harm."""
    return granted(place, document(), "attack")


def attack(place: Place) -> str:
    """Return what of it stands in the rendered DAG."""
    claimed = ("beta.keeps", "../beta/keeps", "beta/keeps", "\u0062eta\u2024keeps")
    return ", ".join(each for each in claimed if granted(place, document(dag_id=each), each))
