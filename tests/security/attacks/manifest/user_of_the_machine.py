"""A manifest asks for another operating system user, an executor's settings, host paths or a namespace."""

from suite.attack import HELD
from suite.manifests import at_their_word, granted, task
from suite.place import Place

FROM = "a tenant's manifest"
AGAINST = "workers and pods"
DEFENCE = "no key of the manifest is about them, and unknown keys are refused"
MUST = HELD
NEEDS = ()
undefended = at_their_word


def harmless(place: Place) -> str:
    """Return the same of a manifest that does no harm."""
    return granted(place, task("flow.empty", {}, priority_weight=5), "priority_weight")


def attack(place: Place) -> str:
    """Return what of it stands in the rendered DAG."""
    wanted = {
        "run_as_user": "root",
        "executor_config": {"pod_override": {}},
        "executor": "LocalExecutor",
        "volumes": [{"host_path": "/"}],
        "namespace": "beta",
        "service_account": "beta",
    }
    asked = ((key, task("flow.empty", {}, **{key: value})) for key, value in wanted.items())
    return ", ".join(key for key, manifest in asked if granted(place, manifest, key))
