"""A task asks the secrets agent of its zone for another tenant's variable."""

from suite.attack import HELD
from suite.place import MARK, Place
from suite.weakened import code_as_the_worker

FROM = "tenant code in a task"
AGAINST = "the secrets store"
DEFENCE = "the agent answers the users of its zone's workers only"
MUST = HELD
NEEDS = ("platform",)
undefended = code_as_the_worker
PROGRAM = """
import json, os, socket
link = socket.socket(socket.AF_UNIX)
try:
    link.connect(os.environ["SOCKET"])
    link.sendall(json.dumps({"tenant": "beta", "kind": "variable", "name": "token", "shared": False}).encode() + b"\\n")
    print(link.makefile().readline())
except OSError:
    pass
"""


def attack(place: Place) -> str:
    """Return what is got."""
    socket = place.live.platform.layout.secrets_socket(place.code.zone)
    answer = place.code.python(PROGRAM, SOCKET=str(socket))
    return answer if MARK in answer else ""
