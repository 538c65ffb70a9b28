"""A task reads the messages of a queue, with the tokens that they carry."""

from suite.attack import HELD
from suite.place import Place
from suite.weakened import open_broker

FROM = "tenant code in a task"
AGAINST = "the broker"
DEFENCE = "Redis lets nobody in without a user of its own"
MUST = HELD
NEEDS = ("platform",)
undefended = open_broker
PROGRAM = """
import os, redis
for user, password in ((None, None), ("default", ""), ("aerodrome-default", "aerodrome-default")):
    try:
        # Without a pause of seconds before each of some more tries with a wrong password.
        client = redis.Redis(port=int(os.environ["PORT"]), username=user, password=password, retry=None)
        print("entered", client.lrange("default", 0, -1))
    except redis.RedisError:
        pass
"""


def attack(place: Place) -> str:
    """Return what is got."""
    return place.code.python(PROGRAM, PORT=str(place.live.platform.ports.redis))
