"""What test hosts need of this machine, explained where it is missing."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from debian import NotHereError, ensure
from fleet.podman import PACKAGES
from fleet.turns import turn

NO_ROOT = 2
"""What :func:`needed` returns for somebody who is not root."""


def needed(command: str, more: Sequence[str] = ()) -> int:
    """Return 0 once everything is there, packages *more* too; else say for *command* what is missing.

    Returns then what to exit with.
    """
    if os.geteuid() != 0:
        print(
            f"{command}: test hosts are containers with systemd and addresses of their own.", file=sys.stderr
        )
        print(f"    they need root: sudo make {command}", file=sys.stderr)
        return NO_ROOT
    try:
        # Two runs may begin at once, and apt-get refuses the second one.
        with turn("packages"):
            ensure((*PACKAGES, *more))
    except NotHereError as problem:
        print(f"{command}: {problem}", file=sys.stderr)
        return 1
    return 0
