"""Runs on a real directory and a real database: what changes, and what holds everything back."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import directory
import pytest
from aerodrome_airflow.directory.settings import LoginSettings
from aerodrome_airflow.roles import table
from aerodrome_airflow.roles.reconcile import Follower, Options
from directory import PASSWORD, PEOPLE, Slapd

pytestmark = pytest.mark.all_attacks
ROLES_OF_GROUP = {"staff": ["alpha.viewer"], "analysts": ["alpha.editor"], "beta": ["beta.viewer"]}
NAMES = [f"p{number}" for number in range(8)]
LONGEST_SECONDS = 60
# The loop as it runs everywhere, but for its pause.
LOOP = """
from aerodrome_airflow.roles import follow
follow.EVERY_SECONDS = 1
raise SystemExit(follow.main())
"""


@dataclass(frozen=True)
class Company:
    """A directory in which everybody is staff, and an Airflow that follows it."""

    slapd: Slapd
    database: str
    folder: Path

    def follower(self) -> Follower:
        """What one run needs."""
        roles = {group: frozenset(given) for group, given in ROLES_OF_GROUP.items()}
        login = LoginSettings(
            "directory", self.slapd.settings, roles_of_group=roles, protected=frozenset({"admin"})
        )
        return Follower(login, self.slapd.client(), self.database)

    def roles(self) -> dict[str, set[str]]:
        """Return the roles of the active users."""
        with table.opened(self.database) as connection:
            accounts = table.read(connection).accounts.values()
        return {account.name: set(account.roles) for account in accounts if account.active}

    def members(self, group: str, *names: str) -> None:
        """Put exactly *names* into *group*."""
        people = [directory.NOBODY, *(f"uid={name},{PEOPLE}" for name in names)]
        self.slapd.change(f"cn={group},{directory.GROUPS}", member=("MODIFY_REPLACE", people))

    def once(self, *options: str) -> tuple[int, dict[str, Any], str]:
        """Return code, document and messages of one run of the program."""
        process = directory.follow(self.folder, self.database, "--once", *options)
        output, problems = process.communicate(timeout=LONGEST_SECONDS)
        return process.returncode, json.loads(output.splitlines()[-1]) if output else {}, problems

    def alerts(self) -> list[str]:
        """Return the kinds of the alerts that were sent."""
        file = self.folder / "alerts/central"
        lines = file.read_text().splitlines() if file.exists() else []
        return [json.loads(line)["kind"] for line in lines]


@pytest.fixture
def company(slapd: Slapd, database: str, tmp_path: Path) -> Iterator[Company]:
    """Everybody is staff."""
    if not slapd.client().person("p0"):
        for name in (*NAMES, "admin"):
            slapd.person(name)
        for group in ROLES_OF_GROUP:
            slapd.group(group)
    found = Company(slapd, database, tmp_path)
    for group in ROLES_OF_GROUP:
        found.members(group, *(NAMES if group == "staff" else ()))
    directory.write_login(tmp_path, slapd, ROLES_OF_GROUP)
    yield found


def test_a_change_of_groups_is_a_change_of_roles(company: Company) -> None:
    """Who moves from one tenant to another sees the other one; who is in no group any more is nobody."""
    run = company.follower().run
    assert len(run().found.new) == len(NAMES) and run().found.empty
    company.members("staff", *NAMES[2:])
    company.members("beta", "p0")
    assert {row["action"] for row in run().changes()} == {"grant", "remove", "deactivate"}
    assert company.roles() == {"p0": {"beta.viewer"}} | {name: {"alpha.viewer"} for name in NAMES[2:]}


def test_a_dry_run_changes_nothing_and_tells_the_groups(company: Company) -> None:
    """Each row says why."""
    company.members("analysts", "p1", "admin")
    found = company.follower().run(Options(dry_run=True))
    assert not found.applied and company.roles() == {}
    assert {"action": "grant", "user": "p1", "role": "alpha.editor", "why": "in analysts"} in list(
        found.changes()
    )
    assert not [row for row in found.changes() if row["user"] == "admin"]


def test_an_emptied_directory_is_held_back_until_somebody_confirms(company: Company) -> None:
    """Nobody loses anything, and nobody new comes in either."""
    company.follower().run()
    company.members("staff")
    company.members("beta", "p0")
    for options in (None, Options(dry_run=True)):
        found = company.follower().run(options)
        assert found.brake and not found.applied and len(company.roles()) == len(NAMES)
    assert company.follower().run(Options(force=True)).applied
    assert company.roles() == {"p0": {"beta.viewer"}}


def test_the_program_says_by_its_code_how_it_ended(company: Company) -> None:
    """0: done; 1: held back, or no directory, with a message and nothing changed."""
    code, found, _ = company.once()
    assert code == 0 and found["applied"] and len(found["changes"]) == 2 * len(NAMES)
    company.members("staff")
    code, found, _ = company.once()
    assert code == 1 and "8 of 8 memberships of 8 people would be taken away" in found["brake"]
    company.slapd.stop()
    try:
        code, found, problems = company.once("--force")
    finally:
        company.slapd.start()
    assert code == 1 and not found and company.slapd.settings.url in problems and PASSWORD not in problems
    assert len(company.roles()) == len(NAMES)


def test_the_loop_follows_by_itself_and_ends_when_told(company: Company) -> None:
    """Its log says what changed; the brake alerts the central channel."""
    process = directory.follow(company.folder, company.database, start=("-c", LOOP))
    try:
        wait(lambda: len(company.roles()) == len(NAMES))
        company.members("staff")
        wait(lambda: company.alerts() == ["roles-brake"])
    finally:
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=LONGEST_SECONDS)
    assert process.returncode == 0 and len(company.roles()) == len(NAMES)
    assert "grant p7 alpha.viewer (in staff)" in log and "8 of 8 memberships" in log and PASSWORD not in log


def wait(done: Any) -> None:
    """Return once *done* returns true."""
    deadline = time.monotonic() + LONGEST_SECONDS
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.2)
