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


def run(cluster: Cluster, container: Container, command: Sequence[str], text: str, seconds: float) -> str:
    """Return what *command* prints, given *text* as its input; AerodromeError with its last lines where it fails.

    *text* stands on no command line.
    """
    data = text.encode()
    # The protocol cannot say that the input is over: so many bytes of it there are.
    counted = ["sh", "-c", 'bytes=$1; shift; head -c "$bytes" | "$@"', "sh", str(len(data)), *command]
    asked = {"command": counted, "stdin": True, "stdout": True, "stderr": True, "tty": False}
    place = f"{' '.join(command)} in {container.pod}"
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


def _finished(way, place: str, seconds: float) -> str:  # type: ignore[no-untyped-def]
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
            raise AerodromeError(f"{place}: not finished after {seconds:.0f} s", "deploy again")
    if way.returncode:
        told = "\n    ".join("".join(errors).strip().splitlines()[-_LINES:]) or "it said nothing"
        raise AerodromeError(f"{place} failed:\n    {told}", "mend what it names, then deploy again")
    return "".join(out)
