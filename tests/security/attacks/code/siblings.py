"""A task reads the environment and the command line of another task of its own tenant."""

from concurrent.futures import ThreadPoolExecutor

from suite.attack import not_isolated
from suite.place import Place

FROM = "tenant code in a task"
AGAINST = "running tasks of the same tenant"
DEFENCE = "none"
MUST = not_isolated(
    "On hosts and on one machine a tenant has one operating system user, so its tasks can see what each of them was "
    "given. Code that must not see a secret of the tenant's belongs to another tenant."
)
NEEDS = ("platform",)
SECONDS = 60
# It works until it was seen.
SIBLING = """
rm -f "$HOME/seen"
KEPT=of-a-sibling exec bash -c 'until [ -e "$HOME/seen" ]; do sleep 0.1; done'
"""
PROGRAM = f"""
import os, pathlib, time

def read(pid):
    try:
        return open(f"/proc/{{pid}}/environ", "rb").read()
    except OSError:
        return b""

end = time.monotonic() + {SECONDS}
while time.monotonic() < end:
    if any(b"KEPT=of-a-sibling" in read(pid) for pid in filter(str.isdigit, os.listdir("/proc"))):
        print("its environment")
        break
    time.sleep(0.1)
pathlib.Path(os.environ["HOME"], "seen").touch()
"""


def attack(place: Place) -> str:
    """Return what is got."""
    with ThreadPoolExecutor(1) as pool:
        sibling = pool.submit(place.code.bash, SIBLING)
        seen = place.code.python(PROGRAM)
        assert not sibling.result().problem
    return seen
