"""A task reports that another tenant's task has failed, sends its heartbeat, takes its rendered fields over, or skips
what comes after it."""

from suite.attack import HELD
from suite.place import VICTIM, Place
from suite.reports import failed, heartbeat, restart
from suite.tasks import answered, token
from suite.weakened import knowing_the_key

FROM = "tenant code in a task"
AGAINST = "task instances"
DEFENCE = "a token speaks for one task, and only the platform can sign one"
MUST = HELD
NEEDS = ("api",)
undefended = knowing_the_key


def attack(place: Place) -> str:
    """Return the requests about the other tenant's task that are answered."""
    restart(place, VICTIM)
    task = place.task(VICTIM)
    requests = (
        heartbeat(VICTIM, task),
        ("PUT", f"/task-instances/{task}/rtif", {"planted": "x"}),
        ("PATCH", f"/task-instances/{task}/skip-downstream", {"tasks": ["more"]}),
        failed(task),
    )
    got = answered(place, requests, with_token=place.notes.get("token", token(place)))
    restart(place, VICTIM)
    return got
