"""One way to call podman: settings of our own, and errors of one line."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

SETTINGS = Path(__file__).with_name("containers.conf")
PACKAGES = (
    "podman",
    "runc",
    "containernetworking-plugins",
    "iptables",
    "mmdebstrap",
    "zstd",
    "openssh-client",
)
"""What test hosts need of Debian on the machine that carries them."""
OURS = "aerodrome.tests"
"""The label of every container and network of tests; its value names who made it."""


class PodmanError(Exception):
    """Podman refused; the text is its last line."""


def podman(*arguments: str | Path, text: str | None = None, check: bool = True) -> str:
    """Return what podman prints for *arguments*; PodmanError where it fails, unless *check* is False."""
    done = process(*arguments, text=text)
    if check and done.returncode:
        told = (done.stderr or done.stdout).strip().splitlines() or ["it said nothing"]
        raise PodmanError(f"podman {arguments[0]}: {told[-1]}")
    return done.stdout.strip()


def process(*arguments: str | Path, text: str | None = None) -> subprocess.CompletedProcess[str]:
    """Return how podman ended; *text* is what it reads."""
    given = {"input": text} if text is not None else {"stdin": subprocess.DEVNULL}
    return subprocess.run(
        ["podman", *map(str, arguments)],
        env={**os.environ, "CONTAINERS_CONF": str(SETTINGS)},
        capture_output=True,
        text=True,
        check=False,
        **given,
    )
