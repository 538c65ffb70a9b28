"""A task looks through 20,000 files of a megabyte at most, and all environments and command lines that it can read, for
JSON web tokens, addresses of Redis and PostgreSQL with a password, and tokens of the store, and tries each of them."""

from suite.attack import HELD
from suite.place import Place
from suite.programs import TRIED
from suite.weakened import code_as_the_worker

FROM = "tenant code in a task"
AGAINST = "the execution API, the REST API, the database, the broker, the secrets store"
DEFENCE = "what holds a login is private to one user"
MUST = HELD
NEEDS = ("platform",)
undefended = code_as_the_worker


def attack(place: Place) -> str:
    """Return what lets the task in."""
    assert place.live.victim
    platform = place.live.platform
    return place.code.python(
        TRIED,
        API=platform.api_url,
        DAG="beta.keeps",
        MOST="20000",
        POSTGRES=str(platform.ports.postgres),
        REDIS=str(platform.ports.redis),
        STATE=str(platform.layout.state),
        VAULT=platform.openbao_url,
    )
