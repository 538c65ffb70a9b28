"""The pattern of a param needs hours for some texts."""

from suite.attack import HELD
from suite.manifests import at_their_word, document, granted
from suite.place import Place

FROM = "a tenant's manifest"
AGAINST = "the API server"
DEFENCE = "patterns that may become slow are refused"
MUST = HELD
NEEDS = ()
undefended = at_their_word


def harmless(place: Place) -> str:
    """Return the same of a manifest that does no harm."""
    return granted(place, document(params={"name": {"default": "a", "pattern": "^a+$"}}), "^a+$")


def attack(place: Place) -> str:
    """Return what of it stands in the rendered DAG."""
    return granted(place, document(params={"name": {"default": "a", "pattern": "^(a+)+$"}}), "(a+)+")
