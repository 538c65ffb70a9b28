"""What operations does to hosts besides setting them up: look, drain, remove."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aerodrome.clients import ansible
from aerodrome.clients.ansible_events import still_running
from aerodrome.progress import Progress
from aerodrome.targets.host_state import Found, WantedHost
from aerodrome.targets.hosts import Settings, variables_of


@dataclass(frozen=True)
class Looked:
    """How one host is: in one word, what runs there, and what is to be said about it."""

    name: str
    state: str
    running: int
    note: str


def drain(hosts: Sequence[WantedHost], settings: Settings, progress: Progress) -> ansible.Outcome:
    """Let the workers of *hosts* take no further task and wait until the running ones have ended.

    What is interrupted goes on by itself on the hosts; they stay drained, also over a reboot, until they are set up
    again. A host whose tasks outlive the limit is among the failures.
    """
    return ansible.run(_play("drain", hosts, settings, mark=True), settings.content, progress)


def remove(hosts: Sequence[WantedHost], settings: Settings, progress: Progress) -> ansible.Outcome:
    """Take the platform off *hosts*, whose credentials were revoked before; what runs there is killed."""
    return ansible.run(_play("remove", hosts, settings), settings.content, progress)


def _play(
    playbook: str, hosts: Sequence[WantedHost], settings: Settings, *, mark: bool = False
) -> ansible.Play:
    variables = {host.name: variables_of(host, bare=True) for host in hosts}
    return ansible.Play(playbook, variables, settings.common(mark=mark), verbosity=settings.verbosity)


def looked(host: WantedHost, found: Found | None, why: str) -> Looked:
    """Return how *host* is told in a table; *why* is what a plan or a failure says of it."""
    if found is None:
        return Looked(host.name, "away", 0, why)
    tasks = still_running(found.tasks, len(found.busy)) if found.tasks else ""
    return Looked(host.name, _state(found), len(found.tasks), "; ".join(filter(None, (why, tasks))))


def _state(found: Found) -> str:
    if not found.stamp:
        return "new"
    if found.drained:
        return "draining" if found.busy else "drained"
    if not found.busy:
        return "stopped"
    return "works" if found.same else "differs"
