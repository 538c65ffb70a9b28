"""Somebody is taken out of a group of the directory: how soon the open page and the held token are refused."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import database
import live
from figures import Figure
from workshop import PYTHON, Workshop

if TYPE_CHECKING:
    from company import Company

# Directory, API server and what follows the directory are started as for the tests.
for _folder in ("shared", "security"):
    sys.path.insert(0, str(Path(__file__).parents[2] / _folder))
GROUP, TENANT = "alpha-people", "alpha"
GOAL, LONGEST = 60, 120
# The directory is followed in steps of so many seconds; people leave at any moment between two of them.
STEP = 20
GOLDEN = 0.618
PATH = "/api/v2/dags"
REFUSED = {401, 403}
WAYS = ("session cookie", "REST token")
Refusals = tuple[float, ...]


def removal(shop: Workshop) -> Iterator[Figure]:
    """Yield the seconds from the change of a group until a session cookie and a REST token are refused."""
    import company
    import directory

    folder = Path(tempfile.mkdtemp(prefix="removal-"))
    try:
        with (
            database.running(shop.folder / "removal-database", PYTHON) as server,
            directory.running(folder / "d") as slapd,
        ):
            server.create("company")
            people = [f"p{turn}" for turn in range(shop.runs)]
            for person in people:
                slapd.person(person)
            place = f"bench@127.0.0.1:{server.port}/company"
            with company.running(slapd, place, folder) as found:
                taken = [_removed(shop, found, turn, person) for turn, person in enumerate(people)]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    yield from _figures(taken)


def _figures(taken: Sequence[Refusals]) -> Iterator[Figure]:
    for way, samples in zip(WAYS, zip(*taken, strict=True), strict=True):
        name = f"removal_{way.split()[-1].lower()}"
        yield Figure(name, f"taken out of a group: {way} refused after", "s", samples, GOAL)
    slowest = max(max(one) for one in taken)
    yield Figure("removal_slowest", "the slowest of these", "s", (slowest,), GOAL)


def _removed(shop: Workshop, company: Company, turn: int, name: str) -> Refusals:
    shop.say(f"taking people out of a group, {turn + 1} of {shop.runs}")
    company.members(GROUP, name)
    person = company.log_in(name)
    if any(tenants != {TENANT} for tenants in person.dags()):
        raise RuntimeError(f"{name} does not see the tenant of the group: {person.dags()}")
    time.sleep(STEP * (GOLDEN * turn % 1))
    company.members(GROUP)
    start = time.monotonic()
    refused: dict[int, float] = {}

    def out() -> bool:
        for way, answer in enumerate(person.asks(PATH)):
            if answer.status_code in REFUSED:
                refused.setdefault(way, time.monotonic() - start)
        return len(refused) == len(WAYS)

    live.wait(out, LONGEST)
    return tuple(refused[way] for way in range(len(WAYS)))
