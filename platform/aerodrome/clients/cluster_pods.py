"""Why a pod does not start, and what it says: its containers' reasons, its last events, its last lines."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from aerodrome.clients.cluster import Cluster, Object
from aerodrome.clients.cluster_failures import InvalidError, NotFoundError
from aerodrome.errors import counted
from aerodrome.terminal import visible

LINES, EVENTS = 20, 5
_LONGEST_LINE = 300
_LONGEST_LOG = 64 * 1024
_SHORTEST_SECRET = 6
_NO_LOG = "unable to retrieve container logs"
_HIDDEN = "***"
_HOPELESS = frozenset({"ErrImageNeverPull", "InvalidImageName"})
_STUCK = frozenset(
    {
        "ImagePullBackOff",
        "ErrImagePull",
        "CreateContainerConfigError",
        "CreateContainerError",
        "RunContainerError",
        "CrashLoopBackOff",
    }
)
UNSCHEDULABLE = "Unschedulable"
CRASHES = "CrashLoopBackOff"


@dataclass(frozen=True)
class Trouble:
    """What keeps a pod from working; *container* is empty where it has no place to run."""

    pod: str
    namespace: str
    container: str
    reason: str
    message: str
    restarts: int = 0
    exit_code: int | None = None

    @property
    def hopeless(self) -> bool:
        """Return whether waiting changes nothing."""
        return self.reason in _HOPELESS

    def __str__(self) -> str:
        code = "" if self.exit_code is None else f", exit code {self.exit_code}"
        times = f", {counted(self.restarts, 'restart')}" if self.restarts else ""
        where = f"container {self.container}: " if self.container else ""
        detail = f": {self.message}" if self.message else ""
        return visible(f"pod {self.pod}: {where}{self.reason}{code}{times}{detail}")


def trouble(pod: Object) -> Trouble | None:
    """Return what is wrong with *pod*; None where it starts, works or ends as it should."""
    if pod["metadata"].get("deletionTimestamp"):
        return None
    status = pod.get("status") or {}
    for one in _statuses(status):
        if found := _of_container(pod, one):
            return found
    for one in status.get("conditions") or ():
        if (one["type"], one["status"], one.get("reason")) == ("PodScheduled", "False", UNSCHEDULABLE):
            return replace(_trouble(pod), reason=UNSCHEDULABLE, message=str(one.get("message") or ""))
    if status.get("phase") == "Failed" and not status.get("containerStatuses"):
        reason, text = str(status.get("reason") or "Failed"), str(status.get("message") or "")
        return replace(_trouble(pod), reason=reason, message=text)
    return None


def _of_container(pod: Object, status: Mapping[str, Any]) -> Trouble | None:
    found = _trouble(pod, str(status["name"]), int(status.get("restartCount") or 0))
    state = status.get("state") or {}
    last = (status.get("lastState") or {}).get("terminated") or {}
    waiting, ended = state.get("waiting") or {}, state.get("terminated") or {}
    reason = waiting.get("reason")
    if reason in _STUCK or reason in _HOPELESS:
        text = "" if reason == CRASHES else str(waiting.get("message") or "")
        return replace(found, reason=reason, message=text, exit_code=last.get("exitCode"))
    if ended.get("exitCode"):
        text, code = str(ended.get("message") or ""), int(ended["exitCode"])
        return replace(found, reason=str(ended.get("reason") or "Error"), message=text, exit_code=code)
    return None


def _trouble(pod: Object, container: str = "", restarts: int = 0) -> Trouble:
    return Trouble(pod["metadata"]["name"], pod["metadata"]["namespace"], container, "", "", restarts)


def _statuses(status: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from status.get("initContainerStatuses") or ()
    yield from status.get("containerStatuses") or ()


def story(cluster: Cluster, found: Trouble, hide: Collection[str] = ()) -> str:
    """Return the pod's last events and its container's last lines, none of the texts of *hide* among them."""
    parts = [_section("events", events(cluster, found.namespace, found.pod))]
    if found.container:
        parts.append(_section(f"last lines of {found.container}", _log(cluster, found)))
    return hidden("\n".join(part for part in parts if part), hide)


def hidden(text: str, hide: Collection[str]) -> str:
    """Return *text* without any of the secrets *hide*."""
    for secret in sorted(hide, key=len, reverse=True):
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, _HIDDEN)
    return text


def events(cluster: Cluster, namespace: str, name: str) -> list[str]:
    """Return what was last said of an object, oldest first."""
    query = [("fieldSelector", f"involvedObject.name={name}")]
    found = cluster.get(f"/api/v1/namespaces/{namespace}/events", query)["items"]
    found.sort(key=lambda one: str(one.get("lastTimestamp") or one.get("eventTime") or ""))
    told = [f"{one.get('reason', '')}: {one.get('message', '')}" for one in found]
    return list(dict.fromkeys(told))[-EVENTS:]


def last_lines(cluster: Cluster, namespace: str, pod: str, container: str) -> list[str]:
    """Return the last lines of a container's log; none where there is no such pod."""
    return _log(cluster, Trouble(pod, namespace, container, "", ""))


def _log(cluster: Cluster, found: Trouble) -> list[str]:
    """Return the last lines of the run that failed, or of the one before where that is gone already."""
    path = f"/api/v1/namespaces/{found.namespace}/pods/{found.pod}/log"
    query = [("container", found.container), ("tailLines", str(LINES)), ("limitBytes", str(_LONGEST_LOG))]
    for previous in ("false", "true"):
        try:
            text = cluster.text(path, [*query, ("previous", previous)])
        except (InvalidError, NotFoundError):
            # It never ran, or its pod is gone.
            continue
        if text and not text.startswith(_NO_LOG):
            return text.splitlines()[-LINES:]
    return []


def _section(title: str, lines: list[str]) -> str:
    if not lines:
        return ""
    shown = [f"        {visible(line)[:_LONGEST_LINE]}" for line in lines]
    return "\n".join([f"    {title}:", *shown])
