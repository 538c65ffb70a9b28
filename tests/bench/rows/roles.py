"""Roles that follow a real directory: all of it for the first time, nothing new, and one group that is gone."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import database
from figures import Figure
from processes import Run, clean_environment, run
from workshop import PYTHON, Workshop

if TYPE_CHECKING:
    from directory import Slapd

PROGRAM = Path(__file__).parents[1] / "programs" / "fab_tables.py"
# The server is that of the tests.
sys.path.insert(0, str(Path(__file__).parents[2] / "security"))
PEOPLE, GROUPS = 2000, 200
GOAL = 10
WHAT = {
    "roles_first": f"{PEOPLE:,} people in {GROUPS} groups get their first role",
    "roles_again": "the same with nothing to change",
    "roles_removed": "the same after one group was deleted",
}


def follow(shop: Workshop) -> Iterator[Figure]:
    """Yield the time of a run on an empty database, of the next one, and of one after a group was deleted."""
    import directory

    took: dict[str, list[Run]] = {name: [] for name in WHAT}
    folder = Path(tempfile.mkdtemp(prefix="roles-"))
    share = 10 if shop.quick else 1
    try:
        with (
            database.running(shop.folder / "roles-database", PYTHON) as server,
            directory.running(folder / "d") as slapd,
        ):
            _fill(slapd, PEOPLE // share, GROUPS // share)
            for turn in range(shop.runs):
                shop.say(f"roles {turn + 1} of {shop.runs}")
                _measure(server, slapd, folder, took)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for name, what in WHAT.items():
        yield Figure(name, what, "s", tuple(one.seconds for one in took[name]), GOAL)
    memory = tuple(one.megabytes for one in took["roles_first"])
    yield Figure("roles_memory", "the largest of these runs, memory", "MB", memory)


def _measure(server: database.Server, slapd: Slapd, folder: Path, took: dict[str, list[Run]]) -> None:
    import directory

    server.create("roles")
    environment = clean_environment(
        AIRFLOW_HOME=str(folder),
        AIRFLOW__CORE__LOAD_EXAMPLES="False",
        AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=server.url("roles"),
    )
    run([PYTHON, PROGRAM, *(role(number) for number in range(GROUPS))], environment)
    directory.write_login(folder, slapd, {_group(number): [role(number)] for number in range(GROUPS)})
    for name in ("roles_first", "roles_again"):
        took[name].append(_once(environment, len(_people(0)) * (name == "roles_first"), slapd))
    slapd.admin.delete(_group_dn(0))
    took["roles_removed"].append(_once(environment, 0, slapd))
    slapd.group(_group(0), [slapd_dn(number) for number in _people(0)])


def _once(environment: dict[str, str], least: int, slapd: Slapd) -> Run:
    done = run([PYTHON, "-m", "aerodrome_airflow.roles.follow", "--once"], environment)
    found = json.loads(done.output.splitlines()[-1])
    if not found["applied"] or len(found["changes"]) < least:
        raise RuntimeError(f"not applied, or too little: {done.output[-500:]}")
    return done


def _fill(slapd: Slapd, people: int, groups: int) -> None:
    for number in range(people):
        slapd.person(f"p{number}")
    for number in range(groups):
        slapd.group(_group(number), [slapd_dn(one) for one in _people(number)])


def role(number: int) -> str:
    """Return the role of a group."""
    return f"t{number // 3}.{('viewer', 'editor', 'admin')[number % 3]}"


def slapd_dn(number: int) -> str:
    """Return the entry of a person."""
    import directory

    return f"uid=p{number},{directory.PEOPLE}"


def _people(group: int) -> list[int]:
    each = PEOPLE // GROUPS
    # Everybody is in two groups.
    return [number % PEOPLE for number in range(group * each, (group + 2) * each)]


def _group(number: int) -> str:
    return f"group-{number}"


def _group_dn(number: int) -> str:
    import directory

    return f"cn={_group(number)},{directory.GROUPS}"
