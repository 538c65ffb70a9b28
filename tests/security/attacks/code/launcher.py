"""A task asks the launcher to run a job as another tenant."""

from suite.attack import HELD
from suite.place import Place
from suite.weakened import code_as_the_worker

FROM = "tenant code in a task"
AGAINST = "tenants' users"
DEFENCE = "the launcher answers the users of its zone's workers only"
MUST = HELD
NEEDS = ("platform",)
undefended = code_as_the_worker
PROGRAM = """
import os
from pathlib import Path
from aerodrome_airflow.launcher.client import Launch, LauncherError
from aerodrome_airflow.launcher.jobs import Job
try:
    Launch(Path(os.environ["SOCKET"])).run(Job("beta", "bash", body={"script": "id -un"}), print)
except LauncherError:
    pass
"""


def attack(place: Place) -> str:
    """Return what is got."""
    socket = place.live.platform.layout.launcher_socket(place.code.zone)
    return place.code.python(PROGRAM, SOCKET=str(socket))
