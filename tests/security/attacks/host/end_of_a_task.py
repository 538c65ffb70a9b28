"""Another host, a worker of one zone, has learnt the random id of another host's task and reports its end to Celery."""

from uuid import uuid4

from suite.attack import not_isolated
from suite.brokers import tried
from suite.place import Place

FROM = "another host"
AGAINST = "running tasks"
DEFENCE = "none but the id: 122 random bits that workers can neither list nor listen to"
MUST = not_isolated(
    "Celery keeps the ends of all tasks under their ids alone, which tell no zone, so that the workers of each zone "
    "may write all of them. Who learns the id of a task, from a log of its worker, could have the scheduler take "
    "it for failed; that gives neither data nor a login."
)
NEEDS = ("platform",)


def attack(place: Place) -> str:
    """Return the command that is carried out, for a task that there is not."""
    return tried(place, ("SETEX", f"celery-task-meta-{uuid4()}", 1, "{}"))
