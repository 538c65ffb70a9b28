"""A task makes a reference of its own that leads by dots from its prefix into another tenant's."""

from collections.abc import Iterator
from contextlib import contextmanager

from aerodrome_airflow.xcom import folder, place
from aerodrome_airflow.xcom.reference import MARK
from suite.attack import HELD
from suite.place import ATTACKER, VICTIM, Place
from suite.results_store import LARGE, configured, kept, read
from suite.weakened import replaced

FROM = "tenant code in a task"
AGAINST = "XComs"
DEFENCE = "a reference is read strictly, and each part of its path is a name"
MUST = HELD
NEEDS = ()


@contextmanager
def undefended(place_: Place) -> Iterator[Place]:
    """Any path is a key, and is opened as it stands."""
    plain = lambda store, key: (store._root / key).open("rb")  # noqa: E731
    with replaced(place, "is_key", lambda _: True), replaced(folder.FolderStore, "open", plain):
        yield place_


def attack(place_: Place) -> str:
    """Return the other tenant's result."""
    with configured(place_):
        row = kept(LARGE, VICTIM)
        # The own folder has to be there for the system to go through it.
        own = kept(LARGE, ATTACKER)[MARK]["key"].rsplit("/", 1)[0]
        up = "/".join([".."] * len(own.split("/")))
        return read({MARK: row[MARK] | {"key": f"{own}/{up}/{row[MARK]['key']}"}}, ATTACKER)[:40]
