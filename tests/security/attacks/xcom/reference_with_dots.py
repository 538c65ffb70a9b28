"""A task makes a reference of its own that leads by dots from its prefix into another tenant's."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any

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
    with replaced(place, "is_key", lambda _: True), replaced(folder.FolderStore, "open", _plain):
        yield place_


def _plain(store: Any, key: str, seen: Callable[[bytes], Any]) -> IO[bytes]:
    file = store._root / key
    seen(file.read_bytes())
    opened: IO[bytes] = file.open("rb")
    return opened


def attack(place_: Place) -> str:
    """Return the other tenant's result."""
    with configured(place_):
        row = kept(LARGE, VICTIM)
        # The own folder has to be there for the system to go through it.
        own = kept(LARGE, ATTACKER)[MARK]["key"].rsplit("/", 1)[0]
        up = "/".join([".."] * len(own.split("/")))
        return read({MARK: row[MARK] | {"key": f"{own}/{up}/{row[MARK]['key']}"}}, ATTACKER)[:40]
