"""A person sends generated requests about another tenant's things to every route that changes something."""

from suite.attack import HELD
from suite.place import Place
from suite.writes import plain_airflow_of_its_own, requests, sent, state_of_the_victim, written

FROM = "a tenant's user"
AGAINST = "everything that the REST API changes"
DEFENCE = (
    "routes that nobody has decided about are closed, and rights count for the tenant whose role grants them"
)
MUST = HELD
RUN = "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}"
NEEDS = ("api",)
undefended = plain_airflow_of_its_own
# Open to members of tenants, and yet no request about their own things is carried out.
NOT_DONE = {
    "PATCH /api/v2/dags": "asks for a right to all DAGs",
    "DELETE /api/v2/dags/{dag_id}/assets/queuedEvents": "asks for a right to all assets",
    f"PATCH {RUN}/taskGroupInstances/{{group_id}}": "no DAG has groups here",
    f"PATCH {RUN}/taskGroupInstances/{{group_id}}/dry_run": "no DAG has groups here",
}


def harmless(place: Place) -> str:
    """Return the routes by which the same requests change the own tenant's things."""
    found = written(place)
    others = {route: sorted(status) for route, status in found.others.items() if route not in NOT_DONE}
    assert not others, f"not carried out, nor expected so, with these states (0: no answer in time): {others}"
    assert not NOT_DONE.keys() - found.others.keys(), "more is carried out than expected"
    return ", ".join(sorted(found.done))


def attack(place: Place) -> str:
    """Return the tables in which something of the other tenant's is not what it was."""
    before = state_of_the_victim(place)
    answers = [sent(place, request) for request in requests(place)]
    assert len(answers) > 100, "there are hardly any routes"
    after = state_of_the_victim(place)
    return ", ".join(name for name in before if before[name] != after[name])
