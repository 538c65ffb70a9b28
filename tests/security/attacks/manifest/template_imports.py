"""A template imports or includes a file."""

from suite.attack import HELD
from suite.manifests import at_their_word, granted, task
from suite.place import Place

FROM = "a tenant's manifest"
AGAINST = "files of the machine"
DEFENCE = "templates have no import, include or extends"
MUST = HELD
NEEDS = ()
undefended = at_their_word


def harmless(place: Place) -> str:
    """Return the same of a manifest that does no harm."""
    return granted(place, task("bash.run", {"script": "true {{ ds }}"}, queue="alone"), "true")


def attack(place: Place) -> str:
    """Return what of it stands in the rendered DAG."""
    ways = (
        "{% include '/etc/passwd' %}",
        "{% import '/etc/passwd' as x %}{{ x }}",
        "{% extends '/etc/passwd' %}",
    )
    asked = (task("bash.run", {"script": f"true {way}"}) for way in ways)
    return "".join(granted(place, each, "root:x:0:0", "true ") for each in asked)
