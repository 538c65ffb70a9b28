"""A task reads another tenant's task log."""

from suite.attack import HELD
from suite.files import read_by
from suite.place import Place
from suite.weakened import code_as_the_worker

FROM = "tenant code in a task"
AGAINST = "task logs"
DEFENCE = "logs belong to the worker and who shows them"
MUST = HELD
NEEDS = ("platform",)
undefended = code_as_the_worker


def attack(place: Place) -> str:
    """Return the files that can be read."""
    assert place.live.started
    logs = place.live.platform.layout.task_logs
    return read_by(place, (file for file in logs.rglob("*.log") if "dag_id=beta." in str(file)))
