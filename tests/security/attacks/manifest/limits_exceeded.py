"""A manifest asks for more retries, time, runs and tasks than its tenant has."""

from suite.attack import HELD
from suite.manifests import at_their_word, document, granted, task
from suite.place import Place

FROM = "a tenant's manifest"
AGAINST = "everybody's workers"
DEFENCE = "the rules retries, execution_timeout, active_runs and active_tasks"
MUST = HELD
NEEDS = ()
undefended = at_their_word


def harmless(place: Place) -> str:
    """Return the same of a manifest that does no harm."""
    return granted(place, task("flow.empty", {}, retries=1), "retries")


def attack(place: Place) -> str:
    """Return what of it stands in the rendered DAG."""
    asked = (
        ("1000", task("flow.empty", {}, retries=1000)),
        ("900d", task("flow.empty", {}, execution_timeout="900d")),
        ("7777", document(max_active_runs=7777)),
        ("8888", document(max_active_tasks=8888)),
    )
    return ", ".join(sign for sign, manifest in asked if granted(place, manifest, sign))
