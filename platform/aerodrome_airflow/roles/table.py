"""FAB's tables: what they hold, and how a difference gets into them, all at once or not at all."""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager

from psycopg import Connection, connect
from psycopg.rows import TupleRow

from aerodrome_airflow.directory.settings import NO_PASSWORD
from aerodrome_airflow.roles.memberships import Account, Diff, Live

Database = Connection[TupleRow]
CONNECT_SECONDS = 5
_SETTINGS = " ".join(
    f"-c {name}={value}"
    for name, value in {
        "statement_timeout": "60s",
        "lock_timeout": "10s",
        "idle_in_transaction_session_timeout": "60s",
        # Otherwise the server notices a killed run, whose lock it holds, only when the statement has ended.
        "client_connection_check_interval": "2s",
    }.items()
)
# Who follows the directory of this database takes this lock; "roles" in the place of a number.
_LOCK = int.from_bytes(b"ae-roles", "big")
_READ = """
SELECT u.id, u.username, u.email, coalesce(u.active, false), u.password IS NOT DISTINCT FROM %s,
       coalesce(array_agg(r.name) FILTER (WHERE r.name IS NOT NULL), '{}')
FROM ab_user u LEFT JOIN ab_user_role m ON m.user_id = u.id LEFT JOIN ab_role r ON r.id = m.role_id
GROUP BY u.id
"""
_NEW = """
INSERT INTO ab_user (id, username, first_name, last_name, email, password, active, created_on, changed_on)
SELECT nextval('ab_user_id_seq'), n.username, n.first_name, n.last_name, n.email, %s, true,
       now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC'
FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[]) AS n (username, first_name, last_name, email)
ON CONFLICT DO NOTHING RETURNING id, username
"""
_GRANT = """
INSERT INTO ab_user_role (id, user_id, role_id)
SELECT nextval('ab_user_role_id_seq'), w.user_id, r.id
FROM unnest(%s::int[], %s::text[]) AS w (user_id, role) JOIN ab_role r ON r.name = w.role
ON CONFLICT DO NOTHING
"""
_REMOVE = """
DELETE FROM ab_user_role m USING unnest(%s::int[], %s::text[]) AS w (user_id, role), ab_role r
WHERE r.name = w.role AND m.role_id = r.id AND m.user_id = w.user_id
"""
_LEAVE_GROUPS = "DELETE FROM ab_user_group WHERE user_id = ANY(%s::int[])"
_SET_ACTIVE = (
    "UPDATE ab_user SET active = %s, changed_on = now() AT TIME ZONE 'UTC' WHERE id = ANY(%s::int[])"
)
_ADOPT = "UPDATE ab_user SET password = %s WHERE id = ANY(%s::int[])"


class BusyError(Exception):
    """Another run is at work."""


@contextmanager
def opened(address: str) -> Iterator[Database]:
    """A connection to the database at *address*, as SQLAlchemy spells it; every statement is bounded."""
    plain = re.sub(r"^postgresql(\+\w+)?://", "postgresql://", address)
    with connect(
        plain,
        autocommit=True,
        connect_timeout=CONNECT_SECONDS,
        options=_SETTINGS,
        application_name="aerodrome-roles",
    ) as database:
        yield database


@contextmanager
def alone(database: Database, seconds: float = 0) -> Iterator[None]:
    """Keep other runs out; BusyError where one is at work for *seconds* more. A lock ends with its connection."""
    deadline = time.monotonic() + seconds
    while database.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK]).fetchone() != (True,):
        if time.monotonic() >= deadline:
            raise BusyError("another run is at work")
        time.sleep(0.2)
    try:
        yield
    finally:
        if not database.closed and not database.broken:
            database.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def read(database: Database) -> Live:
    """Return the users and roles of now."""
    accounts = {
        str(name).lower(): Account(number, name.lower(), frozenset(roles), active, email, followed)
        for number, name, email, active, followed, roles in database.execute(_READ, [NO_PASSWORD])
    }
    roles = database.execute("SELECT name FROM ab_role").fetchall()
    return Live(accounts, frozenset(name for (name,) in roles))


def write(database: Database, found: Diff, live: Live) -> None:
    """Make the changes of *found* to *live* within the transaction that is open.

    A user whom somebody else has made since *live* was read is left for the next run.
    """
    numbers = {name: account.number for name, account in live.accounts.items()} | _insert(database, found)
    for statement, memberships in ((_REMOVE, found.removed), (_GRANT, found.granted)):
        if known := [one for one in sorted(memberships) if one[0] in numbers]:
            database.execute(statement, [[numbers[name] for name, _ in known], [role for _, role in known]])
    if found.deactivated:
        database.execute(_LEAVE_GROUPS, [_numbers(found.deactivated, numbers)])
    for active, people in ((False, found.deactivated), (True, found.activated)):
        if people:
            database.execute(_SET_ACTIVE, [active, _numbers(people, numbers)])
    if found.adopted:
        database.execute(_ADOPT, [NO_PASSWORD, _numbers(found.adopted, numbers)])


def _insert(database: Database, found: Diff) -> dict[str, int]:
    if not found.new:
        return {}
    columns = [
        [person.name for person in found.new],
        [person.first_name for person in found.new],
        [person.last_name for person in found.new],
        [person.email for person in found.new],
    ]
    made = database.execute(_NEW, [NO_PASSWORD, *columns])
    return {name: number for number, name in made.fetchall()}


def _numbers(people: Collection[str], numbers: Mapping[str, int]) -> list[int]:
    return [numbers[name] for name in sorted(people)]
