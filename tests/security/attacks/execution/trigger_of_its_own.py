"""A task leaves its waiting to a class of its choice, which the triggerer would import and call."""

from suite.attack import HELD
from suite.place import Place
from suite.reports import deferred, done, taken
from suite.weakened import no_guard

FROM = "tenant code in a task"
AGAINST = "the triggerer"
DEFENCE = "the guard knows the triggers of the catalogue and their arguments"
MUST = HELD
NEEDS = ("api",)
undefended = no_guard
OWN = "common_plugins.triggers.tenant_file.TenantFileTrigger"
REPORTS = {
    "any class": deferred("os.system", command="id"),
    "a library's trigger": deferred(
        "airflow.providers.standard.triggers.file.FileTrigger", filepath="/etc/passwd"
    ),
    "another tenant's file": deferred(OWN, tenant="beta", filepath="x", poke_interval=1),
}


def harmless(place: Place) -> str:
    """Return whether a report without a trigger is taken."""
    return taken(place, {"done": done([])})


def attack(place: Place) -> str:
    """Return the reports that are taken."""
    return taken(place, REPORTS)
