"""A token that was found in an old log is used again after its time."""

import time

import jwt
from suite.attack import HELD
from suite.place import Place
from suite.tasks import answered, token
from suite.weakened import knowing_the_key

FROM = "tenant code in a task"
AGAINST = "the execution API"
DEFENCE = "a token ends, and its end is signed"
MUST = HELD
NEEDS = ("api",)
undefended = knowing_the_key


def attack(place: Place) -> str:
    """Return what a token opens whose time is over; who knows the key gives it a new end."""
    claims = jwt.decode(token(place), options={"verify_signature": False})
    claims |= {"exp": int(time.time()) + 600 if "token" in place.notes else int(time.time()) - 600}
    old = jwt.encode(claims, place.served.secret, algorithm="HS512")
    return answered(place, [("GET", "/dags/alpha.daily")], with_token=old)
