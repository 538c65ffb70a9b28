"""`make test-hosts`: a platform with three hosts from end to end, and what else needs hosts or Debian's packages."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "shared")]

import kerberos_realm  # noqa: E402
from fleet import lab, whole_run  # noqa: E402
from fleet.needs import NO_ROOT, needed  # noqa: E402
from fleet.network import ROLES  # noqa: E402
from fleet.owner import sweep  # noqa: E402

# Of the guide's reader, of the entrance for hosts, and of Hadoop's client on this machine.
PACKAGES = ("curl", "redis-server", "openjdk-17-jre-headless", *kerberos_realm.PACKAGES)
PLACES = ("hosts", "airflow/entrance", "airflow/secrets/test_ticket.py")
# One plays the operator of the lab's hosts, who waits most of the time; the other one does the rest.
TWO_AT_ONCE = ("-n", "2")


def main() -> int:
    """Install what is missing and test; 0 also where there is no root, which is said."""
    if code := needed("test-hosts", PACKAGES):
        return 0 if code == NO_ROOT else code
    stood = lab.names()
    try:
        return _tested()
    finally:
        # Of what was killed: nobody else has removed them.
        sweep()
        ROLES.remove()
        if not stood:
            lab.down()


def _tested() -> int:
    places = (str(HERE.parent / place) for place in PLACES)
    options = ("--hosts", *TWO_AT_ONCE, "--timeout=1800", "--durations=12")
    command = [sys.executable, "-m", "pytest", *places, *options, *sys.argv[1:]]
    return whole_run.ended(command)


if __name__ == "__main__":
    raise SystemExit(main())
