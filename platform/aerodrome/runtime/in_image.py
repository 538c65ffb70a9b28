"""A tenant's virtual environment, made while its image is built.

python -m aerodrome.runtime.in_image TENANT DIGEST [INDEX]
"""

from __future__ import annotations

import sys
from pathlib import Path

from aerodrome.runtime.on_host import Order, Wanted, build
from aerodrome.runtime.uv import Tools, find_uv

INTO = Path("/opt/aerodrome/runtimes")
"""Where launchers of tenants' pods look for environments."""
INCOMING = Path("/opt/aerodrome/incoming")
USER = "builder"
"""Runs what a package brings for its own building."""


def main(arguments: list[str]) -> int:
    """Return the exit code; why an environment cannot be built is told on standard error."""
    tenant, digest, *index = arguments
    tools = Tools(Path(sys._base_executable), find_uv())  # type: ignore[attr-defined]
    answer = build(Order(INTO, INCOMING, tools, USER, "".join(index), (Wanted(tenant, USER, digest),)))
    for problem in answer["failed"].values():
        sys.stderr.write(f"{problem}\n")
    return 1 if answer["failed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
