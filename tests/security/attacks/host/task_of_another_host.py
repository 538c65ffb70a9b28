"""Another host, with the token of a task of its own, sends the heartbeat of somebody's task and reports its end."""

from suite.attack import HELD
from suite.place import ATTACKER, VICTIM, Place
from suite.reports import END, restart
from suite.tasks import Request, answered, run_of, token
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
    return answered(place, [_heartbeat(ATTACKER, str(run_of(place, ATTACKER)["task"]))])


def attack(place: Place) -> str:
    """Return the requests about the other host's task that are answered."""
    restart(place, VICTIM)
    task = place.task(VICTIM)
    end = ("PATCH", f"/task-instances/{task}/state", {"state": "failed", "end_date": END})
    got = answered(place, [_heartbeat(VICTIM, task), end], with_token=place.notes.get("token", token(place)))
    restart(place, VICTIM)
    return got


def _heartbeat(host: str, task: str) -> Request:
    return "PUT", f"/task-instances/{task}/heartbeat", {"hostname": host, "pid": 1}
