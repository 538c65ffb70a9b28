"""environments/<env>/inventory/hosts.yml: the machines outside that run workers, read with all their mistakes."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from aerodrome.environment import FOLDER, INVENTORY, Environment
from aerodrome.errors import Problem, ProblemsFound, UserError, did_you_mean
from aerodrome.hosts.laws import TASK_MEMORY, WORKER_MEMORY, Checked, check_hosts, connection
from aerodrome.hosts.tree import Tree, read_tree
from aerodrome.source.document import read_document
from aerodrome.source.place import Positions
from aerodrome.source.report import Report, TooManyProblemsError

# What may lie beside the file: nothing that Ansible would read as well.
_BESIDE = (".md", "~")


@dataclass(frozen=True)
class Host:
    """A machine outside: *memory* in bytes, *connection* as Ansible's variables, *line* and *column* in the file."""

    name: str
    address: str
    zone: str
    queues: tuple[str, ...]
    slots: Mapping[str, int]
    memory: Mapping[str, int]
    groups: tuple[str, ...]
    connection: Mapping[str, str | int | bool]
    line: int
    column: int


@dataclass(frozen=True)
class Inventory:
    """The hosts of one environment, sorted by name, and the queues that should be on hosts and are on none."""

    file: str
    hosts: tuple[Host, ...] = ()
    unserved: tuple[str, ...] = ()

    def limited_to(self, limit: str) -> tuple[Host, ...]:
        """Return the hosts that *limit* names, by their names or groups, separated by commas; UserError for others."""
        wanted = [word.strip() for word in limit.split(",") if word.strip()]
        if not wanted:
            raise UserError(
                f"'{limit}' names no host", "write names of hosts or groups, with commas between them"
            )
        known = {name for host in self.hosts for name in (host.name, *host.groups)}
        if unknown := [word for word in wanted if word not in known]:
            raise UserError(
                f"{self.file}: no host or group is called '{unknown[0]}'", did_you_mean(unknown[0], known)
            )
        return tuple(host for host in self.hosts if {host.name, *host.groups} & set(wanted))


def load_inventory(root: Path, environment: Environment) -> Inventory:
    """Return the hosts of *environment* below *root*, none where there is no file; ProblemsFound with all mistakes."""
    file = f"{FOLDER}/{environment.name}/{INVENTORY}"
    path = root / file
    if not path.parent.exists():
        return Inventory(file, (), _unserved(environment, ()))
    strangers = _strangers(path.parent, root)
    if not path.exists() and not path.is_symlink():
        if strangers:
            raise ProblemsFound(strangers)
        return Inventory(file, (), _unserved(environment, ()))
    try:
        document = read_document(path, file)
    except ProblemsFound as found:
        raise ProblemsFound([*strangers, *found.problems]) from None
    report = Report(file, document.data, Positions(document.place))
    hosts: tuple[Host, ...] = ()
    with suppress(TooManyProblemsError):
        tree = read_tree(document.data, report)
        checked = check_hosts(tree, environment, report)
        if not report.problems:
            hosts = tuple(_host(host, tree, environment, report) for host in checked)
    if report.problems or strangers:
        raise ProblemsFound([*strangers, *report.problems])
    return Inventory(file, hosts, _unserved(environment, hosts))


def inventory_problems(root: Path, environment: Environment) -> tuple[Problem, ...]:
    """Return every mistake in the inventory of *environment*; none where it has no inventory."""
    try:
        load_inventory(root, environment)
    except ProblemsFound as found:
        return found.problems
    return ()


def _strangers(folder: Path, root: Path) -> list[Problem]:
    """Return the mistake of each entry of *folder* that people would take for a part of the inventory."""
    name = Path(INVENTORY).name
    found = sorted(entry.name for entry in folder.iterdir()) if folder.is_dir() else []
    remedy = f"write everything into {name}; what holds for several hosts goes to `vars` of their group"
    return [
        Problem(str((folder / entry).relative_to(root)), 0, 0, "", "is not read", remedy)
        for entry in found
        if entry != name and not entry.startswith(".") and not entry.endswith(_BESIDE)
    ]


def _host(host: Checked, tree: Tree, environment: Environment, report: Report) -> Host:
    entry = host.entry
    assert entry is not None and host.address is not None
    slots = {name: entry.slots.get(name, environment.queues[name].slots) for name in entry.queues}
    memory = {
        name: entry.memory.get(name, WORKER_MEMORY + TASK_MEMORY * slots[name]) for name in entry.queues
    }
    line, column = report.positions.locate_key(host.path)
    return Host(
        name=host.name,
        address=host.address,
        zone=environment.queues[entry.queues[0]].zone,
        queues=entry.queues,
        slots=slots,
        memory=memory,
        groups=tuple(sorted(tree.groups_of(host.name))),
        connection=connection(host),
        line=line,
        column=column,
    )


def _unserved(environment: Environment, hosts: tuple[Host, ...]) -> tuple[str, ...]:
    served = {queue for host in hosts for queue in host.queues}
    wanted = {name for name, queue in environment.queues.items() if environment.on_hosts(queue.zone)}
    return tuple(sorted(wanted - served))
