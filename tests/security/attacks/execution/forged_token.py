"""A task makes a token of another tenant's task: unsigned, signed by another key, or put together from two."""

import base64
import json

import jwt
from suite.attack import HELD
from suite.place import VICTIM, Place
from suite.tasks import answered, token
from suite.weakened import knowing_the_key

FROM = "tenant code in a task"
AGAINST = "the execution API"
DEFENCE = "tokens are signed by a key that no worker holds"
MUST = HELD
NEEDS = ("api",)
undefended = knowing_the_key


def harmless(place: Place) -> str:
    """Return what the real token opens."""
    return answered(place, [("GET", "/dags/alpha.daily")])


def attack(place: Place) -> str:
    """Return the tokens that open the other tenant's things."""
    made = _forged(token(place), token(place, VICTIM), place.task(VICTIM))
    tokens = {"signed": place.notes["token"]} if "token" in place.notes else made
    opened = {
        name: answered(place, [("GET", "/dags/beta.daily")], with_token=each) for name, each in tokens.items()
    }
    return ", ".join(name for name, got in opened.items() if got)


def _forged(mine: str, theirs: str, task: str) -> dict[str, str]:
    claims = jwt.decode(mine, options={"verify_signature": False}) | {"sub": task}
    none = ".".join((_part({"alg": "none", "typ": "JWT"}), _part(claims), ""))
    return {
        "unsigned": none,
        "another key": jwt.encode(claims, "k" * 64, algorithm="HS512"),
        "two halves": ".".join([*theirs.split(".")[:2], mine.split(".")[2]]),
    }


def _part(document: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")
