"""A task reads the environment and the command line of another task of its own tenant."""

from concurrent.futures import ThreadPoolExecutor

from suite.attack import not_isolated
from suite.place import Place
from suite.programs import ENVIRONMENTS

FROM = "tenant code in a task"
AGAINST = "running tasks of the same tenant"
DEFENCE = "none"
MUST = not_isolated(
    "On hosts and on one machine a tenant has one operating system user, so its tasks can see what each of them was "
    "given. Code that must not see a secret of the tenant's belongs to another tenant."
)
NEEDS = ("platform",)


def attack(place: Place) -> str:
    """Return what is got."""
    with ThreadPoolExecutor(1) as pool:
        sibling = pool.submit(place.code.bash, "KEPT=of-a-sibling exec sleep 6")
        seen = place.code.python(f"import time; time.sleep(1)\n{ENVIRONMENTS}")
        sibling.result()
    return "its environment" if "of-a-sibling" in seen else ""
