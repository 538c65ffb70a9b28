"""Another host logs into the metadata database, with the right password."""

from contextlib import AbstractContextManager

from aerodrome.local.machine import credentials
from suite.attack import HELD
from suite.hosts import on_the_machine
from suite.outside import answering
from suite.place import Place

FROM = "another host"
AGAINST = "the database"
DEFENCE = "PostgreSQL listens on loopback only, and its rules let nobody in from elsewhere"
MUST = HELD
NEEDS = ("platform", "network")
PROGRAM = """
import os, psycopg
known = {name: os.environ[name.upper()] for name in ("user", "password", "dbname")}
try:
    with psycopg.connect(host=os.environ["ADDRESS"], port=os.environ["PORT"], connect_timeout=10, **known) as found:
        print("DAGs:", *found.execute("SELECT count(*) FROM dag").fetchone())
except psycopg.OperationalError:
    pass
"""


def undefended(place: Place) -> AbstractContextManager[Place]:
    """Have the machine answer at the database's port."""
    return answering(place, place.live.platform.ports.postgres)


def _known(place: Place) -> dict[str, str]:
    platform = place.live.platform
    password = platform.credentials.get(credentials.POSTGRES_AIRFLOW)
    port = str(platform.ports.postgres)
    return {"PORT": port, "USER": "airflow", "PASSWORD": password, "DBNAME": "airflow"}


def harmless(place: Place) -> str:
    """Return what the same password gets on the machine."""
    return on_the_machine(PROGRAM, **_known(place))


def attack(place: Place) -> str:
    """Return what is got."""
    return place.host.python(PROGRAM, **_known(place))
