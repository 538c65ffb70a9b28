"""The laws of an inventory: what must hold of each host, and between hosts. No group or alias gets around one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from pydantic import ValidationError

from aerodrome.addresses import canonical, why_not_reachable
from aerodrome.environment import Environment, Queue
from aerodrome.errors import did_you_mean
from aerodrome.hosts.entry import ADDRESS, CONNECTION, QUEUES, HostEntry
from aerodrome.hosts.tree import Said, Tree, Variables
from aerodrome.quantities import parse_memory
from aerodrome.source.place import Path
from aerodrome.source.report import Report

# What a worker takes itself, and what one of its tasks takes beside it: the process and its allowance.
WORKER_MEMORY = 2**30
TASK_MEMORY = 2 * 2**30
_LEAST_MEMORY = 512 * 2**20
_REMEDY_OF_MISSING = {ADDRESS: "add ansible_host: <its address>", QUEUES: "add queues: [<queue>]"}


@dataclass
class Checked:
    """A host whose variables are together: *entry* is None where one is missing or wrong."""

    name: str
    path: Path
    said: Variables
    entry: HostEntry | None = None
    address: str | None = None
    queues: dict[str, Queue] = field(default_factory=dict)
    """Those of its queues that there are."""


def check_hosts(tree: Tree, environment: Environment, report: Report) -> list[Checked]:
    """Return every host of *tree*, sorted by name; each law that one breaks goes to *report*."""
    found = [_together(tree, name, report) for name in sorted(tree.hosts)]
    for host in found:
        _check_address(host, environment, report)
        _check_queues(host, environment, report)
        _check_sizes(host, report)
    _refuse_same_addresses(found, report)
    return found


def _together(tree: Tree, name: str, report: Report) -> Checked:
    """Return *name* with its own variables and those of its groups; a child's count before its parent's."""
    groups = tree.groups_of(name)
    own = tree.of_host.get(name, {})
    said: Variables = {}
    for key in sorted({key for group in groups for key in tree.of_group.get(group, {})} - own.keys()):
        said[key] = _nearest(tree, name, key, groups, report)
    host = Checked(name, tree.hosts[name], {**said, **own})
    for key, remedy in _REMEDY_OF_MISSING.items():
        # What was written and refused is no longer missing.
        if key not in host.said and not _is_written(tree, host, groups, key, report):
            report.at_key(host.path, f"the key '{key}' is missing", remedy)
    host.entry = _entry(host)
    return host


def _nearest(tree: Tree, name: str, key: str, groups: frozenset[str], report: Report) -> Said:
    saying = sorted(group for group in groups if key in tree.of_group.get(group, {}))
    near = [
        group for group in saying if not any(group in tree.above(other) for other in saying if other != group)
    ]
    said = [tree.of_group[group][key] for group in near or saying]
    if any(other.value != said[0].value for other in said):
        message = f"'{key}' of '{name}' is said by the groups {' and '.join(near)}, each something else"
        report.at_key(tree.hosts[name], message, f"write {key} at the host itself")
    return said[0]


def _is_written(tree: Tree, host: Checked, groups: frozenset[str], key: str, report: Report) -> bool:
    places = [host.path, *((*tree.groups[group], "vars") for group in groups if group in tree.groups)]
    return any(report.positions.find((*place, key)) is not None for place in places)


def _entry(host: Checked) -> HostEntry | None:
    try:
        return HostEntry.model_validate({key: said.value for key, said in host.said.items()})
    except ValidationError:
        # Each variable is as it should be by itself: one is missing, which has been told.
        return None


def _check_address(host: Checked, environment: Environment, report: Report) -> None:
    said = host.said.get(ADDRESS)
    if said is None:
        return
    host.address = canonical(said.value)
    if host.address is None:
        message = f"'{said.value}' is no address"
        report.at(said.path, message, "write an IP address or a name of DNS, without a user and a port")
    elif reason := _why_not(host.address, environment):
        report.at(said.path, f"'{said.value}' {reason}", "write the address of the host itself")


def _why_not(address: str, environment: Environment) -> str:
    entrance = environment.hosts.entrance if environment.hosts is not None else None
    if entrance is not None and address == entrance.address:
        return "is this machine: the platform's entrance is there"
    return why_not_reachable(address)


def _check_queues(host: Checked, environment: Environment, report: Report) -> None:
    said = host.said.get(QUEUES)
    if said is None:
        return
    for number, name in enumerate(said.value):
        path = (*said.path, number)
        queue = environment.queues.get(name)
        if queue is None:
            report.at(path, f"unknown queue '{name}'", did_you_mean(name, environment.queues))
        elif name in host.queues:
            report.at(path, f"'{name}' is named twice", "remove one of them")
        else:
            host.queues[name] = queue
            _check_place(name, queue, environment, path, report)
    _check_together(host, said.path, report)


def _check_place(name: str, queue: Queue, environment: Environment, path: Path, report: Report) -> None:
    if not environment.on_hosts(queue.zone):
        message = f"the workers of '{name}' are not on hosts: its zone '{queue.zone}' does not say so"
        served = [each for each, known in environment.queues.items() if environment.on_hosts(known.zone)]
        remedy = f"queues on hosts: {', '.join(sorted(served)) or 'none'}"
        report.at(path, message, f"{remedy}; or write workers: hosts for the zone in environment.yaml")


def _check_together(host: Checked, path: Path, report: Report) -> None:
    """A host is of one zone, the unit of trust; one with personal data serves one queue alone."""
    queues = host.queues
    private = sorted(name for name, queue in queues.items() if queue.personal_data)
    if private and len(queues) > 1:
        others = ", ".join(name for name in queues if name != private[0])
        message = f"'{private[0]}' is for personal data: its hosts serve no other queue, and this one serves {others}"
        report.at(path, message, "give each of them a host of its own")
        return
    zones = list(dict.fromkeys(queue.zone for queue in queues.values()))
    if len(zones) > 1:
        message = f"the queues are of the zones {' and '.join(zones)}: a host is of one zone"
        report.at(
            path,
            message,
            "whoever takes the host over has what the zone may: give each zone hosts of its own",
        )


def _check_sizes(host: Checked, report: Report) -> None:
    named = host.said[QUEUES].value if QUEUES in host.said else None
    for part in ("slots", "memory"):
        said = host.said.get(part)
        if said is None or named is None:
            continue
        for queue in said.value:
            if queue not in named:
                report.at_key(
                    (*said.path, queue), f"the host does not serve '{queue}'", did_you_mean(queue, named)
                )
    for queue, size in _sizes(host):
        if size < _LEAST_MEMORY:
            path = (*host.said["memory"].path, queue)
            report.at(path, "is too little for a worker", "write 512Mi or more")


def _sizes(host: Checked) -> Iterator[tuple[str, int]]:
    said = host.said.get("memory")
    for queue, size in said.value.items() if said is not None else ():
        yield queue, parse_memory(size)


def _refuse_same_addresses(hosts: list[Checked], report: Report) -> None:
    first: dict[str, Checked] = {}
    for host in hosts:
        if host.address is None:
            continue
        other = first.setdefault(host.address, host)
        if other is not host:
            line = report.positions.locate(other.said[ADDRESS].path)[0]
            message = f"the address of '{host.name}' is that of '{other.name}', line {line}"
            report.at(host.said[ADDRESS].path, message, "each host has an address of its own")


def connection(host: Checked) -> dict[str, str | int | bool]:
    """Return the variables by which Ansible logs in to *host*."""
    assert host.entry is not None and host.address is not None
    said = host.entry.model_dump(exclude_none=True)
    return {key: value for key, value in said.items() if key.startswith(CONNECTION)} | {ADDRESS: host.address}
