"""The three hosts of environments/lab: up, down, and found again by whoever tests with them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from fleet import log_store
from fleet.host import Host, start
from fleet.image import image
from fleet.keys import Keys
from fleet.network import LAB
from fleet.podman import OURS, PodmanError, podman, process
from fleet.turns import BusyError, turn

REPOSITORY = Path(__file__).resolve().parents[3]
INVENTORY = REPOSITORY / "environments/lab/inventory/hosts.yml"
KEYS = Keys(REPOSITORY / ".aerodrome/lab-hosts", "10.203.77.*")
_LABEL = f"{OURS}.lab"


class RefusedError(Exception):
    """The lab cannot be had now; the text says why and what to do."""


@dataclass(frozen=True)
class Wanted:
    """A host of the inventory."""

    name: str
    address: str
    queues: tuple[str, ...]


def wanted() -> tuple[Wanted, ...]:
    """Return the hosts of the lab's inventory, by name."""
    found: dict[str, Wanted] = {}
    _collect(yaml.safe_load(INVENTORY.read_text(encoding="utf-8")).get("all") or {}, found)
    return tuple(found[name] for name in sorted(found))


def up() -> list[Host]:
    """Start what is missing of the lab and return all of it; on a failure what this call started is removed."""
    with _alone():
        _refuse_strangers()
        made = image()
        started: list[Host] = []
        try:
            with ThreadPoolExecutor() as pool:
                hosts = list(pool.map(lambda one: _standing(one) or _started(one, made, started), wanted()))
            log_store.ensure(REPOSITORY, KEYS.folder, made, f"{_LABEL}={REPOSITORY}")
        except BaseException:
            for host in started:
                host.remove()
            raise
    return hosts


def down() -> list[str]:
    """Remove the lab's hosts and their network, and return the names of the hosts that were there."""
    with _alone():
        _refuse_strangers()
        removed = names()
        if removed:
            process("rm", "--force", "--time=0", "--volumes", *removed)
        LAB.remove()
        for path in KEYS.folder.iterdir() if KEYS.folder.exists() else ():
            path.unlink()
    return removed


def hosts() -> dict[str, Host]:
    """Return the lab's hosts that are up, by name."""
    return {host.name: host for one in wanted() if (host := _standing(one))}


def names() -> list[str]:
    """Return the names of what there is of the lab, running or not."""
    return sorted(_running())


@contextmanager
def _alone() -> Iterator[None]:
    """Whoever comes second is told instead of kept waiting."""
    with ExitStack() as stack:
        try:
            stack.enter_context(turn("lab", wait=False))
        except BusyError:
            text = "another make hosts or make hosts-down is at work: wait for it, then try again"
            raise RefusedError(text) from None
        yield


def _collect(group: dict[str, Any], found: dict[str, Wanted]) -> None:
    for name, said in (group.get("hosts") or {}).items():
        if said:
            found[name] = Wanted(name, said["ansible_host"], tuple(said.get("queues") or ()))
    for child in (group.get("children") or {}).values():
        _collect(child or {}, found)


def _host(one: Wanted) -> Host:
    return Host(f"aerodrome-lab-{one.name}", one.name, one.address, LAB, KEYS)


def _standing(one: Wanted) -> Host | None:
    """Return the host if it is up as it should be; one that is left of something killed is removed."""
    host = _host(one)
    if process("container", "exists", host.container).returncode:
        return None
    if not host.is_up():
        process("start", host.container)
        # After a restart of the machine it is whole, and takes a moment.
        with suppress(PodmanError):
            host.wait_until_up()
    if KEYS.settings.exists() and host.ssh("true").returncode == 0:
        return host
    host.remove()
    return None


def _started(one: Wanted, made: str, started: list[Host]) -> Host:
    labels = (f"{_LABEL}={REPOSITORY}",)
    host = start(
        one.name, LAB, KEYS, made, address=one.address, container=_host(one).container, labels=labels
    )
    started.append(host)
    return host


def _running() -> dict[str, str]:
    found = json.loads(podman("ps", "--all", "--filter", f"label={_LABEL}", "--format", "json") or "[]")
    return {one["Names"][0]: one["Labels"][_LABEL] for one in found}


def _refuse_strangers() -> None:
    """Their addresses are taken; a clone that is gone has no say."""
    for place in set(_running().values()) - {str(REPOSITORY)}:
        if Path(place).exists():
            raise RefusedError(f"the lab's hosts belong to {place}: run make hosts-down there first")
