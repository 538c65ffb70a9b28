"""How a difference gets into FAB's tables: all of it or nothing, one run at a time."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest
from aerodrome_airflow.directory.entry import Entry
from aerodrome_airflow.directory.settings import NO_PASSWORD
from aerodrome_airflow.roles import table
from aerodrome_airflow.roles.memberships import Diff, Live, Wanted, diff

ROLES_OF_GROUP = {
    "staff": frozenset({"alpha.viewer"}),
    "analysts": frozenset({"alpha.editor"}),
    "beta": frozenset({"beta.viewer"}),
}
BY_HAND = """
INSERT INTO ab_user (id, username, first_name, last_name, email, password, active)
VALUES (nextval('ab_user_id_seq'), 'Anna', 'Anna', 'Berg', 'anna@example.org', 'scrypt:1$x$y', true)
"""
SLOW = """
CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(30); RETURN NEW; END $$;
CREATE TRIGGER slow BEFORE INSERT ON ab_user_role FOR EACH ROW EXECUTE FUNCTION slow()
"""
PROGRAM = """
import sys
from aerodrome_airflow.roles import table
from aerodrome_airflow.roles.memberships import Diff, NewPerson
with table.opened(sys.argv[1]) as database, table.alone(database), database.transaction():
    found = Diff(new=(NewPerson("jo", "Jo", "Doe", "jo@x"),), granted=frozenset({("jo", "alpha.viewer")}))
    table.write(database, found, table.read(database))
"""


def wanted(**people: str) -> Wanted:
    """Return a directory of *people*: name=groups, separated by blanks."""
    found = {
        name: Entry(name, f"uid={name}", "Jo", "Doe", f"{name}@example.org", frozenset(groups.split()))
        for name, groups in people.items()
    }
    return Wanted(found, ROLES_OF_GROUP)


def follow(address: str, directory: Wanted) -> tuple[Diff, Live]:
    """Make one run, and return what it changed and what is there now."""
    with table.opened(address) as database, table.alone(database):
        with database.transaction():
            live = table.read(database)
            found = diff(directory, live)
            table.write(database, found, live)
        return found, table.read(database)


def roles(live: Live) -> dict[str, set[str]]:
    """Return the roles of the active users."""
    return {name: set(account.roles) for name, account in live.accounts.items() if account.active}


def test_people_come_move_and_go(database: str) -> None:
    """Nobody is deleted; the second run finds nothing to do."""
    found, live = follow(database, wanted(jo="staff analysts", al="beta"))
    assert roles(live) == {"jo": {"alpha.viewer", "alpha.editor"}, "al": {"beta.viewer"}}
    assert len(found.granted) == 3 and follow(database, wanted(jo="staff analysts", al="beta"))[0].empty
    _, live = follow(database, wanted(jo="beta"))
    assert roles(live) == {"jo": {"beta.viewer"}} and live.accounts["al"].roles == frozenset()
    _, live = follow(database, wanted(jo="beta", al="staff"))
    assert roles(live) == {"jo": {"beta.viewer"}, "al": {"alpha.viewer"}}


def test_new_users_have_no_password(database: str) -> None:
    """And are what FAB takes for its users."""
    follow(database, wanted(jo="staff"))
    with table.opened(database) as connection:
        row = connection.execute(
            "SELECT password, active, created_on IS NOT NULL, last_name, email FROM ab_user"
        )
        assert row.fetchall() == [(NO_PASSWORD, True, True, "Doe", "jo@example.org")]


def test_a_user_made_by_hand_is_left_alone_or_becomes_the_directorys(database: str) -> None:
    """As the groups say; the name's case does not matter."""
    with table.opened(database) as connection:
        connection.execute(BY_HAND)
    found, live = follow(database, wanted(jo="staff"))
    assert found.left_alone == ("anna",) and not live.accounts["anna"].followed
    found, live = follow(database, wanted(anna="staff"))
    assert live.accounts["anna"].followed and roles(live) == {"anna": {"alpha.viewer"}}


def test_a_user_whom_a_login_makes_meanwhile_is_left_for_the_next_run(database: str) -> None:
    """Two who make the same user do not disturb each other."""
    before = Live({}, frozenset(ROLES_OF_GROUP["staff"]))
    found = diff(wanted(anna="staff", jo="staff"), before)
    with table.opened(database) as connection, connection.transaction():
        connection.execute(BY_HAND.replace("'Anna', 'Anna'", "'anna', 'Anna'"))
        table.write(connection, found, before)
    assert roles(follow(database, wanted(anna="staff", jo="staff"))[1]) == {
        name: {"alpha.viewer"} for name in ("anna", "jo")
    }


def test_only_one_run_at_a_time(database: str) -> None:
    """The other one says so at once, or waits as long as it was told."""
    with table.opened(database) as one, table.opened(database) as other, table.alone(one):
        started = time.monotonic()
        with pytest.raises(table.BusyError), table.alone(other, 0.5):
            pass
        assert 0.5 <= time.monotonic() - started < 5
    with table.opened(database) as other, table.alone(other):
        pass


def test_a_run_that_is_killed_changes_nothing_and_keeps_nobody_out(database: str) -> None:
    """In the middle of its changes."""
    with table.opened(database) as connection:
        connection.execute(SLOW)
        run = subprocess.Popen([sys.executable, "-c", PROGRAM, database])
        asleep = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
        while run.poll() is None and connection.execute(asleep).fetchone() == (0,):
            time.sleep(0.05)
        run.send_signal(signal.SIGKILL)
        assert run.wait() == -signal.SIGKILL
        with table.alone(connection, 15):
            assert table.read(connection).accounts == {}
