"""A shell script is to run on workers that tenants share."""

from suite.attack import HELD
from suite.manifests import at_their_word, granted, task
from suite.place import Place

FROM = "a tenant's manifest"
AGAINST = "shared workers"
DEFENCE = "the rule `tenant_text`"
MUST = HELD
NEEDS = ()
undefended = at_their_word


def harmless(place: Place) -> str:
    """Return the same of a manifest that does no harm."""
    return granted(place, task("bash.run", {"script": "env"}, queue="alone"), "script")


def attack(place: Place) -> str:
    """Return what of it stands in the rendered DAG."""
    return granted(place, task("bash.run", {"script": "env"}), "script")
