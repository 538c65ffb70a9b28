"""A manifest names a class of Airflow instead of an operator of the catalogue."""

from suite.attack import HELD
from suite.manifests import at_their_word, granted, task
from suite.place import Place

FROM = "a tenant's manifest"
AGAINST = "workers"
DEFENCE = "`uses` is a word of the catalogue"
MUST = HELD
NEEDS = ()
undefended = at_their_word


def harmless(place: Place) -> str:
    """Return the same of a manifest that does no harm."""
    return granted(place, task("flow.empty", {}), "FlowEmptyOperator")


def attack(place: Place) -> str:
    """Return what of it stands in the rendered DAG."""
    names = (
        "airflow.providers.standard.operators.bash.BashOperator",
        "os.system",
        "common_plugins.operators.sql_query",
    )
    return ", ".join(name for name in names if granted(place, task(name, {}), name))
