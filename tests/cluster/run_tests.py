"""`make test-cluster`: the chart's alerts with promtool, then deploys to a real Kubernetes of this machine's own.

A cluster that runs already is used and left, and so is the one that KUBECONFIG names.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "shared"), str(HERE.parent / "hosts")]

import alerts  # noqa: E402
import run_cluster  # noqa: E402
from testbed import cluster  # noqa: E402

_MODULES = "deployed/test_{}.py"
PLACES = ("kubernetes_itself", "release", *map(_MODULES.format, ("deploys", "tenants", "secrets")))
# What takes long: deploys that are broken off, and attacks from pods, which wait for what the network forgets.
_LONG = ("reviewed", "rollouts", "interruptions", "migrations", "logs", "hybrid", "login")
MORE = (*map(_MODULES.format, _LONG), "built")
OPTIONS = ("--cluster", "-n0", "--timeout=1800", "--durations=15")


def main(arguments: list[str]) -> int:
    """Install what is missing and test; 0 also where there is no root, which is said."""
    if code := alerts.main():
        return code
    if "KUBECONFIG" not in os.environ and os.geteuid() != 0:
        print("test-cluster: deploys are not tried: nodes have networks of their own, which only root makes.")
        print("    sudo make test-cluster, or set KUBECONFIG: docs/how-to/get-a-test-cluster.md")
        return 0
    signal.signal(signal.SIGTERM, _interrupted)
    try:
        with _cluster() as kubeconfig:
            return _tested(kubeconfig, arguments)
    except run_cluster.PROBLEMS as problem:
        print(f"test-cluster: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("test-cluster: interrupted", file=sys.stderr)
        return 130


@contextmanager
def _cluster() -> Iterator[str]:
    """Yield the kubeconfig of a cluster, which is removed at the end if it was started for this."""
    if given := os.environ.get("KUBECONFIG"):
        yield given
        return
    stood = cluster.stands()
    try:
        run_cluster.up()
        yield str(cluster.KUBECONFIG)
    finally:
        if not stood:
            cluster.down()


def _tested(kubeconfig: str, arguments: list[str]) -> int:
    more = [argument for argument in arguments if argument != "--all"]
    places = [str(HERE / place) for place in (*PLACES, *(MORE if "--all" in arguments else ()))]
    command = [sys.executable, "-m", "pytest", *OPTIONS, *more, *places]
    return subprocess.run(command, env={**os.environ, "KUBECONFIG": kubeconfig}, check=False).returncode


def _interrupted(*_: Any) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
