"""What earlier imports found, by digest of everything that has a say in them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import distributions
from importlib.util import find_spec
from pathlib import Path

from aerodrome.files import write_atomically

_FILE = "imports.json"
_KEPT = 20_000
_PACKAGES = ("aerodrome_airflow", "common_plugins", "aerodrome.policy")


@dataclass(frozen=True)
class Outcome:
    """How one import ended: no error, or what and on which line of the manifest.

    *lasting*: it would end the same the next time.
    """

    error: str = ""
    line: int = 1
    remedy: str = ""
    lasting: bool = True


class Memory:
    """Outcomes in a file of the folder *place*, the newest last; without a folder nothing is kept."""

    def __init__(self, place: Path | None) -> None:
        self._file = None if place is None else place / _FILE
        self._known = self._read()
        self._changed = False

    def get(self, key: str) -> Outcome | None:
        """Return what is known, if anything."""
        return self._known.get(key)

    def put(self, key: str, outcome: Outcome) -> None:
        """Keep *outcome* if it would be the same next time."""
        if outcome.lasting:
            self._known[key] = outcome
            self._changed = True

    def save(self) -> None:
        """Write the file, if anything is new."""
        if self._file is None or not self._changed:
            return
        kept = dict(list(self._known.items())[-_KEPT:])
        try:
            write_atomically(self._file, json.dumps({key: asdict(outcome) for key, outcome in kept.items()}))
        except OSError:
            # Nothing but time is lost.
            return

    def _read(self) -> dict[str, Outcome]:
        if self._file is None:
            return {}
        try:
            return {key: Outcome(**outcome) for key, outcome in json.loads(self._file.read_text()).items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}


@cache
def program_digest() -> str:
    """Return a digest of the installed packages' versions and of the platform's code that an import runs."""
    total = hashlib.sha256()
    installed = sorted(f"{each.metadata['Name']}={each.version}" for each in distributions())
    total.update("\n".join(installed).encode())
    for path in _sources():
        total.update(str(path).encode() + b"\0" + path.read_bytes())
    return total.hexdigest()


def _sources() -> list[Path]:
    folders = [Path(place) for name in _PACKAGES for place in _locations(name)]
    return sorted(path for folder in folders for path in folder.rglob("*.py"))


def _locations(package: str) -> list[str]:
    spec = find_spec(package)
    return list(spec.submodule_search_locations or []) if spec else []
