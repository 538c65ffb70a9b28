"""A program run inside a container that is there already (kubernetes)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from kubernetes.client.exceptions import ApiException
from kubernetes.stream import stream

from aerodrome.clients.cluster import Cluster
from aerodrome.errors import AerodromeError

_LINES = 12


@dataclass(frozen=True)
class Container:
    """The container *name* of one *pod*."""

    namespace: str
    pod: str
    name: str


@dataclass(frozen=True)
class Ended:
    """How a program ended, and what it printed."""

    code: int
    out: str
    errors: str


def run(cluster: Cluster, container: Container, command: Sequence[str], text: str, seconds: float) -> str:
    """Return what *command* prints, given *text* as its input; AerodromeError with its last lines where it fails.

    *text* stands on no command line.
    """
    done = ended(cluster, container, command, text, seconds)
    if done.code:
        told = "\n    ".join(done.errors.strip().splitlines()[-_LINES:]) or "it said nothing"
        remedy = "mend what it names, then deploy again"
        raise AerodromeError(f"{_place(container, command)} failed:\n    {told}", remedy)
    return done.out


def ended(cluster: Cluster, container: Container, command: Sequence[str], text: str, seconds: float) -> Ended:
    """Return how *command* ended, given *text* as its input; AerodromeError where it cannot be run, or does not end."""
    data = text.encode()
    # The protocol cannot say that the input is over: so many bytes of it there are.
    counted = ["sh", "-c", 'bytes=$1; shift; head -c "$bytes" | "$@"', "sh", str(len(data)), *command]
    asked = {"command": counted, "stdin": True, "stdout": True, "stderr": True, "tty": False}
    place = _place(container, command)
    try:
        ask = cluster.core().connect_get_namespaced_pod_exec
        way = stream(
            ask, container.pod, container.namespace, container=container.name, **asked, _preload_content=False
        )
        way.write_stdin(text)
        return _finished(way, place, seconds)
    except ApiException as problem:
        remedy = "who deploys needs the right to create pods/exec there"
        raise AerodromeError(f"{place}: the cluster refuses: {problem.reason}", remedy) from None


def _place(container: Container, command: Sequence[str]) -> str:
    return f"{' '.join(command)} in {container.pod}"


def _finished(way, place: str, seconds: float) -> Ended:  # type: ignore[no-untyped-def]
    out, errors, end = [], [], time.monotonic() + seconds
    open_still = True
    while open_still:
        way.update(timeout=1)
        # What came with the end is read once more.
        open_still = way.is_open()
        out.append(way.read_stdout(timeout=0) if way.peek_stdout() else "")
        errors.append(way.read_stderr(timeout=0) if way.peek_stderr() else "")
        if time.monotonic() > end:
            way.close()
            raise AerodromeError(f"{place}: not finished after {seconds:.0f} s", "run the same command again")
    return Ended(int(way.returncode or 0), "".join(out), "".join(errors))
