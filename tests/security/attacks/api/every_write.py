"""A person sends generated requests about another tenant's things to every route that changes something."""

from suite.attack import HELD
from suite.place import Place
from suite.writes import plain_airflow_of_its_own, requests, sent, state_of_the_victim

FROM = "a tenant's user"
AGAINST = "everything that the REST API changes"
DEFENCE = (
    "routes that nobody has decided about are closed, and rights count for the tenant whose role grants them"
)
MUST = HELD
NEEDS = ("api",)
undefended = plain_airflow_of_its_own


def attack(place: Place) -> str:
    """Return the tables in which something of the other tenant's is not what it was."""
    before = state_of_the_victim(place)
    answers = [sent(place, request) for request in requests(place)]
    assert len(answers) > 100, "there are hardly any routes"
    after = state_of_the_victim(place)
    return ", ".join(name for name in before if before[name] != after[name])
