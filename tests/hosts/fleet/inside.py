"""Commands in a container without podman, whose own start costs more than what tests ask there."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from functools import cache
from pathlib import Path

import psutil
from fleet.podman import process

_ENTER = ("nsenter", "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--wd=/")
_ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "container": "podman",
}


def inside(container: str, *command: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    """Return how *command* ended as the container's root, with the capabilities that it has there.

    *text* is what it reads. Where the container does not run, podman says so.
    """
    first = _first(container)
    if first is None:
        return process("exec", "--interactive", container, *command, text=text)
    given = {"input": text} if text is not None else {"stdin": subprocess.DEVNULL}
    return subprocess.run(
        [*_ENTER, f"--target={first.pid}", "--", *_limited(first), *command],
        env=_ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
        **given,
    )


_known: dict[str, psutil.Process] = {}


def _first(container: str) -> psutil.Process | None:
    """Return the first process of *container*, asking podman only after a start; None where it does not run."""
    known = _known.get(container)
    if known and _lives(known):
        return known
    _known.pop(container, None)
    told = process("container", "inspect", "--format", "{{.State.Pid}}", container).stdout.strip()
    with suppress(psutil.NoSuchProcess):
        _known[container] = psutil.Process(int(told or 0))
    return _known.get(container)


def _lives(known: psutil.Process) -> bool:
    """Return whether the process still is, and is not another one with its number."""
    return known.is_running() and known.status() != psutil.STATUS_ZOMBIE


@cache
def _limited(first: psutil.Process) -> tuple[str, ...]:
    """Return what leaves a command the capabilities that processes of the container can have."""
    lines = Path(f"/proc/{first.pid}/status").read_text(encoding="utf-8").splitlines()
    (bounds,) = (int(line.split()[1], 16) for line in lines if line.startswith("CapBnd:"))
    kept = (f"+cap_{bit}" for bit in range(bounds.bit_length()) if bounds >> bit & 1)
    return "setpriv", f"--bounding-set={','.join(('-all', *kept))}", "--"
