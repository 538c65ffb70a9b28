"""A token that was found in a worker is used again when its task has ended, long before the token itself does."""

import jwt
from suite.attack import HELD
from suite.place import Place
from suite.tasks import answered, ended, token
from suite.weakened import no_guard

FROM = "tenant code in a task"
AGAINST = "the execution API"
DEFENCE = "the guard before the execution API"
MUST = HELD
NEEDS = ("api",)
AIRFLOW = (73303,)
undefended = no_guard
REQUESTS = (
    ("GET", "/dags/alpha.daily"),
    ("GET", "/xcoms/alpha.daily/run_alpha/load/secret"),
    ("POST", "/xcoms/alpha.daily/run_alpha/load/planted", "value"),
)


def harmless(place: Place) -> str:
    """Return what the token of a running task opens."""
    return answered(place, REQUESTS)


def attack(place: Place) -> str:
    """Return what the token of a task opens that ended some minutes ago."""
    claims = jwt.decode(token(place), options={"verify_signature": False})
    with ended(place) as task:
        found = jwt.encode(claims | {"sub": task}, place.served.secret, algorithm="HS512")
        return answered(place, REQUESTS, with_token=found)
