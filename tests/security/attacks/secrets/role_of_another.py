"""A connection names a role of AWS that only another tenant's connections may be."""

from suite.attack import HELD
from suite.aws_connections import any_role_for_all, known_as
from suite.place import ATTACKER, VICTIM, Place

FROM = "tenant code in a task"
AGAINST = "connections"
DEFENCE = "the agent becomes only the roles that environment.yaml lists for the tenant, by way of the tenant's own role"
MUST = HELD
NEEDS = ("moto",)
undefended = any_role_for_all


def harmless(place: Place) -> str:
    """Return what comes of the same with a role of its own."""
    return known_as(place, ATTACKER)


def attack(place: Place) -> str:
    """Return as whom AWS knows the task with the other tenant's role."""
    return known_as(place, VICTIM)
