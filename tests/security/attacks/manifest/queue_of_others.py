"""A task asks for a queue that its tenant may not use."""

from suite.attack import HELD
from suite.manifests import at_their_word, granted, task
from suite.place import Place

FROM = "a tenant's manifest"
AGAINST = "queues"
DEFENCE = "the rule `queue`"
MUST = HELD
NEEDS = ()
undefended = at_their_word


def harmless(place: Place) -> str:
    """Return the same of a manifest that does no harm."""
    return granted(place, task("flow.empty", {}, queue="alone"), "alone")


def attack(place: Place) -> str:
    """Return what of it stands in the rendered DAG."""
    queues = ("pii", "maintenance", "default,pii", "PII")
    return ", ".join(q for q in queues if granted(place, task("flow.empty", {}, queue=q), q))
