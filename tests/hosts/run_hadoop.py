"""A Hadoop beside the lab's hosts: `run_hadoop.py up [--kerberos]` or `down`; tells what environment.yaml needs."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "shared")]

import yaml  # noqa: E402
from fleet.lab import KEYS  # noqa: E402
from fleet.lab import hosts as lab_hosts  # noqa: E402
from fleet.needs import needed  # noqa: E402
from fleet.podman import PodmanError, process  # noqa: E402
from hadoop import artifacts, lab, packages  # noqa: E402

_CONTAINER = f"aerodrome-{lab.NAME}-kept"
# Tenants of the examples that use it, and the user that HDFS knows each by without Kerberos.
TENANTS = ("routes",)


def main() -> int:
    """Do what the first argument names; 1 and one line where it cannot be done."""
    asked = _arguments()
    if code := needed("hosts"):
        return code
    try:
        return _down() if asked.action == "down" else _up(asked.kerberos)
    except (PodmanError, artifacts.ArtifactError, packages.PackageError, OSError) as problem:
        print(f"hadoop: {problem}", file=sys.stderr)
        return 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("action", choices=("up", "down"))
    parser.add_argument("--kerberos", action="store_true", help="with a realm of its own")
    return parser.parse_args()


def _down() -> int:
    process("rm", "--force", "--time=0", "--volumes", _CONTAINER)
    return 0


def _up(secured: bool) -> int:
    _down()
    cluster = lab.start(secured=secured)
    cluster.know(lab_hosts().values())
    for tenant in TENANTS:
        cluster.home(tenant if secured else f"_{tenant}")
    print("below `hosts:` of environments/lab/environment.yaml:\n")
    print(yaml.safe_dump(lab.settings(TENANTS, secured=secured), sort_keys=False))
    for tenant in TENANTS if secured else ():
        path = KEYS.folder / f"{tenant}.keytab.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps({"value": cluster.keytab(tenant)}), encoding="utf-8")
        print(f"the keytab: make secret TENANT={tenant} NAME={lab.KEYTAB} KIND=variable ENV=lab < {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
