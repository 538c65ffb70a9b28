"""A person asks every GET route that the server has, with the own ids, another tenant's and wildcards."""

import contextlib

import httpx
from aerodrome_airflow.auth.routes import Decision, decide
from suite.attack import HELD
from suite.place import ATTACKER, VICTIM, Place
from suite.routes import open_routes, own_address
from suite.weakened import plain_airflow

FROM = "a tenant's user"
AGAINST = "everything that the web interface and the REST API show"
DEFENCE = "routes that nobody has decided about are closed, and all rows are confined to the person's tenants"
MUST = HELD
NEEDS = ("api",)
undefended = plain_airflow
TASK = "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}"
PATIENCE, TRIES = 20, 2


# Open to members of tenants, and yet there is nothing that they are answered about their own things.
UNANSWERED = {
    "/api/v1/{_:path}": "says that there is no such API any more",
    "/api/{_:path}": "says that there is no such route",
    "/api/v2/assets/aliases/{asset_alias_id}": "an alias is no tenant's",
    f"{TASK}/externalLogUrl/{{try_number}}": "logs are not kept elsewhere here",
    f"{TASK}/listMapped": "the task is not mapped",
    "/ui/pending_partitioned_dag_run/{dag_id}": "no DAG has partitions here",
    "/ui/teams": "there are no teams of Airflow's own",
}


def harmless(place: Place) -> str:
    """Return the routes that answer with something of the own tenant's; each that is open has to answer."""
    paths = [path for path in open_routes(place, "GET") if decide("GET", path) is not Decision.CLOSED]
    answered = {path for path in paths if _answer(place, path, ATTACKER).is_success}
    silent = set(paths) - answered
    assert silent == UNANSWERED.keys(), (
        f"not what was expected to be unanswered: {silent ^ UNANSWERED.keys()}"
    )
    return ", ".join(path for path in paths if _shows(place, path, ATTACKER, (ATTACKER,)))


def attack(place: Place) -> str:
    """Return the routes whose answer holds anything of the other tenant's."""
    return ", ".join(
        path for path in open_routes(place, "GET") if _shows(place, path, VICTIM, (ATTACKER, VICTIM, "~"))
    )


def _shows(place: Place, path: str, sign: str, ids: tuple[str, ...]) -> bool:
    answers = (_answer(place, path, whose) for whose in ids)
    return any(answer.is_success and sign in answer.text for answer in answers)


def _answer(place: Place, path: str, whose: str) -> httpx.Response:
    # Some routes of Airflow end without an answer now and then.
    for _ in range(TRIES):
        with contextlib.suppress(httpx.ReadTimeout, httpx.ReadError, httpx.RemoteProtocolError):
            found: httpx.Response = place.api.ask("GET", own_address(place, path, whose), timeout=PATIENCE)
            return found
    raise AssertionError(f"{path} with the ids of {whose}: no answer in {TRIES} times {PATIENCE} s")
