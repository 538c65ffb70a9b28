"""`make cluster`, `make cluster-programs` and `make cluster-down`: a Kubernetes of this machine's own, without Docker.

With it come a git server and a registry, in which are the images that environments/sandbox begins with.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "shared"), str(HERE.parent / "hosts")]

from debian import NotHereError, ensure  # noqa: E402
from debian_base import BootstrapError  # noqa: E402
from fleet.podman import PACKAGES, PodmanError  # noqa: E402
from testbed import bases, cluster, programs  # noqa: E402
from testbed.network import NetworkError  # noqa: E402
from testbed.programs import BuildError  # noqa: E402

PROBLEMS = (NotHereError, PodmanError, BuildError, BootstrapError, NetworkError, cluster.ClusterError)


def main() -> int:
    """Start the cluster; with `programs` only compile it, with `down` remove it."""
    if os.geteuid() != 0:
        print(
            "make cluster: nodes have networks and cgroups of their own, which only root makes",
            file=sys.stderr,
        )
        print(
            "    sudo make cluster, or set KUBECONFIG to a cluster that you have (kind, for one)",
            file=sys.stderr,
        )
        return 2
    try:
        COMMANDS[sys.argv[1] if sys.argv[1:] else "up"]()
    except PROBLEMS as problem:
        print(f"make cluster: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(
            "make cluster: interrupted: make cluster goes on, make cluster-down removes what is there",
            file=sys.stderr,
        )
        return 130
    return 0


def _say(text: str) -> None:
    print(text, flush=True)


def compile_programs() -> None:
    """Compile what the cluster is made of, where it is not kept from an earlier time."""
    ensure((*cluster.PACKAGES, *PACKAGES))
    programs.compiled(_say)


def up(say: cluster.Say = _say) -> None:
    """Start the cluster, fill its registry, and say how it is reached."""
    ensure((*cluster.PACKAGES, *PACKAGES, *bases.PACKAGES))
    kubeconfig = cluster.up(say)
    bases.ensure_bases(say)
    say(f"export KUBECONFIG={kubeconfig}")


COMMANDS = {"up": up, "programs": compile_programs, "down": cluster.down}


if __name__ == "__main__":
    raise SystemExit(main())
