"""A manifest claims another tenant's DAG, pool, asset or queue by separators, encodings, look-alikes, other letters."""

from suite.attack import HELD
from suite.manifests import at_their_word, document, granted_each, task
from suite.place import Place

FROM = "a tenant's manifest"
AGAINST = "DAG ids, pools, assets, queues, DAG runs"
DEFENCE = "names are slugs of a-z, 0-9 and _, and get the tenant's prefix from the platform alone"
MUST = HELD
NEEDS = ()
undefended = at_their_word
DISGUISES = (
    "beta.keeps",
    "beta/keeps",
    "../beta/keeps",
    "alpha.x/../beta.keeps",
    "beta%2ekeeps",
    "beta%252ekeeps",
    "beta\\x2ekeeps",
    "beta\uff0ekeeps",
    "beta\u2024keeps",
    "b\u0435ta.keeps",
    "\u03b2eta.keeps",
    "be\u0301ta.keeps",
    "BETA.KEEPS",
    "Keeps",
    " keeps",
    "keeps\u00a0",
    "keeps\u200b",
    "keeps\0",
    "keeps\n",
    "beta:keeps",
    "\u202espeek.ateb",
)


def harmless(place: Place) -> str:
    """Return the names that are the tenant's own to give."""
    return ", ".join(granted_each(place, _asked({"own": "keeps"})))


def attack(place: Place) -> str:
    """Return which names are taken, and for what."""
    return ", ".join(granted_each(place, _asked({f"way{n}": name for n, name in enumerate(DISGUISES)})))


def _asked(names: dict[str, str]) -> dict[str, tuple[str, str]]:
    return {
        f"{what}_{way}": (manifest, name)
        for way, name in names.items()
        for what, manifest in _claims(name).items()
    }


def _claims(name: str) -> dict[str, str]:
    """Return a manifest for each field that *name* may stand in."""
    return {
        "dag": document(dag_id=name),
        "pool": task("flow.empty", {}, pool=name),
        "asset": task("flow.empty", {}, produces=[name]),
        "read": task("flow.empty", {}, consumes=[name]),
        "schedule": document(schedule={"any_asset": [name]}),
        "queue": task("flow.empty", {}, queue=name),
        "run": task("dag.trigger", {"trigger_dag_id": name}),
        "variable": task("python.call", {"function": "alpha.hello:greet", "variables": [name]}),
    }
