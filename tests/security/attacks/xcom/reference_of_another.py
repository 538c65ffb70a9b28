"""A task follows the reference to another tenant's large result, which it has learnt somehow."""

from collections.abc import Iterator
from contextlib import contextmanager

from aerodrome_airflow.xcom import reference
from suite.attack import HELD
from suite.place import ATTACKER, VICTIM, Place
from suite.results_store import LARGE, configured, kept, read
from suite.weakened import replaced

FROM = "tenant code in a task"
AGAINST = "XComs"
DEFENCE = "a task follows references below its own tenant's prefix only"
MUST = HELD
NEEDS = ()


@contextmanager
def undefended(place: Place) -> Iterator[Place]:
    """Whoever has a reference may follow it."""
    with replaced(reference, "require_own", lambda *_: None):
        yield place


def harmless(place: Place) -> str:
    """Return the own result."""
    with configured(place):
        return read(kept(LARGE, ATTACKER), ATTACKER)


def attack(place: Place) -> str:
    """Return the other tenant's result."""
    with configured(place):
        return read(kept(LARGE, VICTIM), ATTACKER)[:40]
