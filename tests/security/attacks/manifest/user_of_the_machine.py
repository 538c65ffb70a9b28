"""A manifest asks for another operating system user, an executor's settings, host paths or a namespace."""

from suite.attack import HELD
from suite.manifests import at_their_word, document, granted, granted_each, task
from suite.place import Place

FROM = "a tenant's manifest"
AGAINST = "workers and pods"
DEFENCE = "no key of the manifest is about them, and unknown keys are refused"
MUST = HELD
NEEDS = ()
undefended = at_their_word
WANTED = {
    "run_as_user": "root",
    "executor_config": {"pod_override": {}},
    "executor": "LocalExecutor",
    "volumes": [{"host_path": "/"}],
    "host_network": True,
    "image": "somebody/else",
    "security_context": {"privileged": True},
    "namespace": "beta",
    "service_account": "beta",
    "default_args": {"run_as_user": "root"},
}


def harmless(place: Place) -> str:
    """Return the same of a manifest that does no harm."""
    return granted(place, task("flow.empty", {}, priority_weight=5), "priority_weight")


def attack(place: Place) -> str:
    """Return where a manifest may ask for what: of a task, among its parameters, of the DAG."""
    asked = {
        f"{where}_{key}": (manifest, key)
        for key, value in WANTED.items()
        for where, manifest in (
            ("task", task("flow.empty", {}, **{key: value})),
            ("parameter", task("flow.empty", {key: value})),
            ("dag", document(**{key: value})),
        )
    }
    return ", ".join(granted_each(place, asked))
