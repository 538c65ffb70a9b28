"""Whatever an inventory says, it loads or each mistake has a place; what loads obeys each law, as Ansible has it."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

import yaml
from aerodrome.errors import ProblemsFound
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

names = st.sampled_from(["one", "two", "three", "hosts", "vars", "all", "localhost", "Bad", "a-b", "x" * 40])
groups = st.sampled_from(["all", "a", "b", "c", "one", "ungrouped", "Bad-"])
queues = st.lists(
    st.sampled_from(["onprem", "heavy", "pii", "records", "far", "default", "nope"]), max_size=3
)
addresses = st.sampled_from(
    [
        "10.0.0.11",
        "10.0.0.12",
        "::ffff:10.0.0.11",
        "n.example.org",
        "N.example.org.",
        "127.0.0.1",
        "1.2",
        "{{ x }}",
        "",
    ]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 2**33) | st.text(max_size=5) | addresses,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
variables = st.fixed_dictionaries(
    {},
    optional={
        "ansible_host": addresses | values,
        "queues": queues | values,
        "slots": st.dictionaries(st.sampled_from(["onprem", "pii"]), st.integers(0, 3)) | values,
        "memory": values,
        "ansible_password": values,
        "anything": values,
    },
)
trees = st.recursive(
    st.none() | st.fixed_dictionaries({}, optional={"hosts": st.dictionaries(names, variables | values)}),
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            "hosts": st.dictionaries(names, variables | st.none(), max_size=3),
            "vars": variables | values,
            "children": st.dictionaries(groups, inner, max_size=3),
        },
    ),
    max_leaves=8,
)
inventory_file = "environments/local/inventory/hosts.yml"
# Three hosts that are nearly right: what is said of them stands at themselves or at one of their groups.
HOSTS = ("one", "two", "three")
choices = st.fixed_dictionaries(
    {
        "groups": st.lists(st.sets(st.sampled_from(HOSTS)), min_size=3, max_size=3),
        "inside": st.sets(st.sampled_from([("a", "b"), ("b", "c"), ("a", "c"), ("c", "a")])),
        "addresses": st.lists(
            st.sampled_from(["10.0.0.11", "10.0.0.12", "n.example.org"]), min_size=3, max_size=3
        ),
        "queues": st.lists(queues, min_size=2, max_size=2),
        "at": st.dictionaries(st.sampled_from([*HOSTS, "a", "b", "c", "all"]), st.integers(0, 1), min_size=1),
    }
)


def plausible(chosen: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inventory of *chosen*; lists that several share are one object, which is written as an alias."""
    found: dict[str, Any] = {
        name: {"hosts": dict.fromkeys(sorted(inside))}
        for name, inside in zip("abc", chosen["groups"], strict=True)
    }
    for parent, child in sorted(chosen["inside"]):
        found[parent].setdefault("children", {})[child] = None
    own = {name: {"ansible_host": address} for name, address in zip(HOSTS, chosen["addresses"], strict=True)}
    found["all"] = {"hosts": own, "vars": {"ansible_user": "ops"}}
    for place, which in chosen["at"].items():
        said = own[place] if place in own else found[place].setdefault("vars", {})
        said["queues"] = chosen["queues"][which]
    return found


def refused(fleet: Any, data: Any) -> tuple[Any, list[Any]]:
    """Return the inventory that *data* is, or its mistakes."""
    try:
        return fleet.load(yaml.safe_dump(data)), []
    except ProblemsFound as found:
        return None, list(found.problems)


def obeys(fleet: Any, hosts: Any) -> None:
    """Every law, said once more in other words."""
    known = fleet.environment.queues
    for host in hosts:
        of = [known[name] for name in host.queues]
        assert of and {queue.zone for queue in of} == {host.zone} and fleet.environment.on_hosts(host.zone)
        assert len(of) == len(set(host.queues)) and not (
            len(of) > 1 and any(queue.personal_data for queue in of)
        )
        assert set(host.slots) == set(host.memory) == set(host.queues) and min(host.slots.values()) > 0
        assert not host.address[0].isdigit() or not ip_address(host.address).is_loopback
    assert len({host.address for host in hosts}) == len({host.name for host in hosts}) == len(hosts)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.dictionaries(groups, trees, max_size=3) | values)
def test_any_inventory_loads_or_each_mistake_has_a_place(fleet: Any, data: Any) -> None:
    """File, line and column from 1, and never a traceback."""
    inventory, problems = refused(fleet, data)
    assert all(
        problem.file == inventory_file and problem.line > 0 and problem.column > 0 for problem in problems
    )
    assert (inventory is None) == bool(problems)
    obeys(fleet, inventory.hosts if inventory else ())


@settings(deadline=None, max_examples=150)
@given(choices)
def test_no_law_is_evaded_by_groups_and_aliases(fleet: Any, chosen: Mapping[str, Any]) -> None:
    """Wherever a variable stands, what loads obeys, and what does not is told with its place."""
    inventory, problems = refused(fleet, plausible(chosen))
    assert (inventory is None) == bool(problems) and all(problem.line > 0 for problem in problems)
    obeys(fleet, inventory.hosts if inventory else ())


@settings(deadline=None, max_examples=60)
@given(choices)
def test_ansible_reads_the_same(fleet: Any, chosen: Mapping[str, Any]) -> None:
    """Hosts, groups and variables: nobody who knows Ansible is surprised."""
    inventory, _ = refused(fleet, plausible(chosen))
    if inventory is None:
        return
    theirs = ansible_inventory(str(fleet.path))
    assert {host.name for host in inventory.hosts} == set(theirs)
    for host in inventory.hosts:
        found, among = theirs[host.name]
        assert (tuple(found["queues"]), found["ansible_host"]) == (
            host.queues,
            host.connection["ansible_host"],
        )
        assert set(host.groups) - {"all"} == among


def ansible_inventory(path: str) -> dict[str, tuple[Mapping[str, Any], set[str]]]:
    """Return host → variables and groups, as Ansible itself has them."""
    from ansible.inventory.manager import InventoryManager
    from ansible.parsing.dataloader import DataLoader
    from ansible.vars.manager import VariableManager

    loader = DataLoader()
    inventory = InventoryManager(loader=loader, sources=[path])
    variables = VariableManager(loader=loader, inventory=inventory)
    return {
        host.name: (
            variables.get_vars(host=host),
            {str(group) for group in host.get_groups()} - {"all", "ungrouped"},
        )
        for host in inventory.get_hosts()
    }
