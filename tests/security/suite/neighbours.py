"""What happens to others while a task takes all that it gets."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from suite.live import worker_names
from suite.place import VICTIM, Place

HOLD = """
def hold():
    # Until a neighbour's job has begun and ended beside what this one holds.
    import os, time
    signs = os.environ["SIGNS"]
    open(os.path.join(signs, "full"), "w").close()
    end = time.monotonic() + 90
    while not os.path.exists(os.path.join(signs, "enough")) and time.monotonic() < end:
        time.sleep(0.05)
"""
"""A function for programs: they call it when they hold all that they get. They are told the folder SIGNS."""
HOLD_HERE = """
: > "$SIGNS/full"
for _ in $(seq 900); do [ -e "$SIGNS/enough" ] && break; sleep 0.1; done
"""
"""The same for scripts, at the place where they hold it."""
# It starts a process and takes some memory, as ordinary tasks do.
_JOB = "head -c 20000000 /dev/zero | tail -c 20000000 | wc -c"
_WELL = "20000000"


@dataclass(frozen=True)
class Signs:
    """What attacker and neighbour tell each other, in a folder."""

    folder: Path

    @property
    def full(self) -> Path:
        """There as soon as the attacker holds all that it gets."""
        return self.folder / "full"

    @property
    def enough(self) -> Path:
        """There as soon as a neighbour's job has begun and ended beside that."""
        return self.folder / "enough"


def beside(place: Place, attempt: Callable[[Signs], str]) -> str:
    """Return what *attempt* returns, in which the attacker holds what it takes by `HOLD`, or until `Signs.enough`.

    AssertionError where a job of the victim's gives no right result beside it, or a worker of the zone dies.
    """
    workers = _workers(place)
    with _signs() as signs, ThreadPoolExecutor(1) as pool:
        attack = pool.submit(attempt, signs)
        try:
            full = False
            while not full:
                # Looked at before the job begins: the last one runs beside all that the attacker holds.
                full = signs.full.exists() or attack.done()
                _require_job(place)
        finally:
            signs.enough.touch()
        said = attack.result()
    assert _workers(place) == workers, f"a worker of {place.code.zone} has died: {workers} {_workers(place)}"
    return said


def _require_job(place: Place) -> None:
    output = place.live.code(VICTIM).bash(_JOB)
    assert output.text.strip() == _WELL, f"a neighbour's job fails meanwhile: {output.text} {output.problem}"


def _workers(place: Place) -> dict[str, int]:
    names = worker_names(place.live.platform, place.code.zone)
    return {name: place.live.process(name) for name in names}


@contextmanager
def _signs() -> Iterator[Signs]:
    """Signs that every user may give."""
    with tempfile.TemporaryDirectory(prefix="aerodrome-signs-") as folder:
        Path(folder).chmod(0o1777)
        yield Signs(Path(folder))
