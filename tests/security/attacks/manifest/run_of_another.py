"""A task starts another tenant's DAG."""

from suite.attack import HELD
from suite.manifests import at_their_word, granted, task
from suite.place import Place

FROM = "a tenant's manifest"
AGAINST = "DAG runs"
DEFENCE = "a task starts only DAGs of its tenant's manifests"
MUST = HELD
NEEDS = ()
undefended = at_their_word


def harmless(place: Place) -> str:
    """Return the same of a manifest that does no harm."""
    return granted(place, task("dag.trigger", {"trigger_dag_id": "attack"}), "attack")


def attack(place: Place) -> str:
    """Return what of it stands in the rendered DAG."""
    return granted(place, task("dag.trigger", {"trigger_dag_id": "beta.keeps"}), "beta.keeps")
