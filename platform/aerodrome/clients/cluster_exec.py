"""A program run inside a container that is there already (kubernetes)."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kubernetes.stream import stream
from kubernetes.stream.ws_client import ERROR_CHANNEL
from websocket import WebSocketException

from aerodrome.clients.cluster import Cluster
from aerodrome.clients.cluster_failures import UnreachableError
from aerodrome.clients.cluster_websocket import OF_LIBRARY, why
from aerodrome.errors import AerodromeError
from aerodrome.terminal import visible

_LINES = 12
_AWAY = (WebSocketException, OSError)


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
    """Return how *command* ended, given *text* as its input; AerodromeError where it cannot be run, or does not end.

    UnreachableError where the cluster goes away, before it has begun or while it runs.
    """
    data = text.encode()
    # The protocol cannot say that the input is over: so many bytes of it there are.
    counted = ["sh", "-c", 'bytes=$1; shift; head -c "$bytes" | "$@"', "sh", str(len(data)), *command]
    place = _place(container, command)
    try:
        way = _opened(cluster, container, counted, place)
        way.write_stdin(text)
        return _finished(way, place, seconds)
    except _AWAY as problem:
        told = getattr(problem, "strerror", None) or str(problem) or type(problem).__name__
        raise UnreachableError(
            f"{place}: {cluster.server} does not answer: {visible(told)}",
            "how far it came is not known: look whether the cluster runs, and whether this machine reaches it, "
            "then run the same command again",
        ) from None


def _opened(cluster: Cluster, container: Container, command: Sequence[str], place: str) -> Any:
    ask = cluster.core().connect_get_namespaced_pod_exec
    asked = {"command": command, "stdin": True, "stdout": True, "stderr": True, "tty": False}
    where = {"container": container.name, "_preload_content": False}
    try:
        return stream(ask, container.pod, container.namespace, **where, **asked)
    except OF_LIBRARY as problem:
        raise why(problem, cluster.server, place) from None


def _place(container: Container, command: Sequence[str]) -> str:
    return f"{' '.join(command)} in {container.pod}"


def _finished(way: Any, place: str, seconds: float) -> Ended:
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
    return Ended(_code(way, place), "".join(out), "".join(errors))


def _code(way: Any, place: str) -> int:
    """Return the exit code that the cluster told at the end; ConnectionError where it told nothing."""
    told = way.read_channel(ERROR_CHANNEL)
    if not told:
        raise ConnectionError("it ended the connection before the program had ended")
    status = json.loads(told)
    if status["status"] == "Success":
        return 0
    causes = (status.get("details") or {}).get("causes") or ()
    codes = [each["message"] for each in causes if each.get("reason") == "ExitCode"]
    if not codes:
        reason = visible(str(status.get("message") or status.get("reason")))
        raise AerodromeError(f"{place}: the cluster cannot run it: {reason}", "run the same command again")
    return int(codes[0])
