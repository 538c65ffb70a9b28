"""Another host, with the token of a task of its own, sends the heartbeat of somebody's task and reports its end."""

from suite.attack import HELD
from suite.place import ATTACKER, VICTIM, Place
from suite.reports import failed, heartbeat, restart
from suite.tasks import answered, run_of, token
from suite.weakened import knowing_the_key

FROM = "another host"
AGAINST = "task instances"
DEFENCE = "a token speaks for one task, and only the platform can sign one"
MUST = HELD
NEEDS = ("api",)
undefended = knowing_the_key


def harmless(place: Place) -> str:
    """Return that the host may send the heartbeat of its own task."""
    restart(place)
    return answered(place, [heartbeat(ATTACKER, str(run_of(place, ATTACKER)["task"]))])


def attack(place: Place) -> str:
    """Return the requests about the other host's task that are answered."""
    restart(place, VICTIM)
    task = place.task(VICTIM)
    requests = (heartbeat(VICTIM, task), failed(task))
    got = answered(place, requests, with_token=place.notes.get("token", token(place)))
    restart(place, VICTIM)
    return got
