"""A task reads the configuration of workers and of Airflow, with the passwords of broker and database."""

from suite.attack import HELD
from suite.files import read_by
from suite.place import Place
from suite.weakened import code_as_the_worker

FROM = "tenant code in a task"
AGAINST = "the broker, the database"
DEFENCE = "each process has a private folder with its own configuration"
MUST = HELD
NEEDS = ("platform",)
undefended = code_as_the_worker


def attack(place: Place) -> str:
    """Return the files that can be read."""
    return read_by(place, place.live.platform.layout.config.rglob("airflow.cfg"))
