"""The laws of an inventory, each told with line, column and remedy."""

# ruff: noqa: E501 - a table with one case a line
from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import Any

import pytest
from aerodrome.errors import ProblemsFound
from aerodrome.hosts.inventory import inventory_problems, load_inventory
from aerodrome.reference.inventory import inventory_notes

GOOD = """\
all:
  vars: {ansible_user: ops}
  hosts:
    one: {ansible_host: 10.0.0.11, queues: [onprem], slots: {onprem: 8}}
    two: {ansible_host: node2.example.org, queues: [onprem, heavy]}
  children:
    private:
      vars: {queues: [pii]}
      hosts: {three: {ansible_host: 10.0.0.13}}
"""
CASES = [
    ("[onprem, heavy]", "[→onprme]", "all.hosts.two.queues[0]: unknown queue 'onprme'\n    did you mean 'onprem'?"),
    ("[onprem, heavy]", "[→default]", "all.hosts.two.queues[0]: the workers of 'default' are not on hosts: its zone 'default' does not say so"),
    ("[onprem, heavy]", "→[onprem, far]", "all.hosts.two.queues: the queues are of the zones onprem and far: a host is of one zone"),
    ("[onprem, heavy]", "→[onprem, pii]", "all.hosts.two.queues: 'pii' is for personal data: its hosts serve no other queue, and this one serves onprem"),
    ("[onprem, heavy]", "→[records, pii]", "all.hosts.two.queues: 'pii' is for personal data: its hosts serve no other queue, and this one serves records"),
    ("[onprem, heavy]", "[onprem, →onprem]", "all.hosts.two.queues[1]: 'onprem' is named twice"),
    ("[onprem, heavy]", "→[]", "all.hosts.two.queues: needs 1 or more, has 0"),
    ("[onprem, heavy]", "→onprem", "all.hosts.two.queues: must be a list, not text ('onprem')"),
    ("    two: {ansible_host: node2.example.org, ", "    →two: {", "all.hosts.two: the key 'ansible_host' is missing\n    add ansible_host: <its address>"),
    ("    one: {ansible_host: 10.0.0.11, queues: [onprem], slots: {onprem: 8}}", "    →one: {ansible_host: 10.0.0.11}", "all.hosts.one: the key 'queues' is missing\n    add queues: [<queue>]"),
    ("10.0.0.13", "→10.0.0.11", "all.children.private.hosts.three.ansible_host: the address of 'three' is that of 'one', line 4"),
    ("10.0.0.13", "→'::ffff:10.0.0.11'", "all.children.private.hosts.three.ansible_host: the address of 'three' is that of 'one', line 4"),
    ("10.0.0.13", "→NODE2.example.org.", "all.hosts.two.ansible_host: the address of 'two' is that of 'three', line 9"),
    ("10.0.0.13", "→10.0.0.1", "all.children.private.hosts.three.ansible_host: '10.0.0.1' is this machine: the platform's entrance is there"),
    ("10.0.0.13", "→127.0.0.9", "all.children.private.hosts.three.ansible_host: '127.0.0.9' is this machine\n    write the address of the host itself"),
    ("10.0.0.13", "→localhost", "all.children.private.hosts.three.ansible_host: 'localhost' is this machine"),
    ("10.0.0.13", "→'0x7f000001'", "all.children.private.hosts.three.ansible_host: '0x7f000001' is no address"),
    ("10.0.0.13", "→root@10.0.0.13", "all.children.private.hosts.three.ansible_host: 'root@10.0.0.13' is no address"),
    ("{onprem: 8}", "{→onprme: 8}", "all.hosts.one.slots.onprme: the host does not serve 'onprme'\n    did you mean 'onprem'?"),
    ("{onprem: 8}", "{onprem: →0}", "all.hosts.one.slots.onprem: must be 1 or more"),
    ("slots: {onprem: 8}", "memory: {onprem: →100Mi}", "all.hosts.one.memory.onprem: is too little for a worker\n    write 512Mi or more"),
    ("slots: {", "→slot: {", "all.hosts.one.slot: unknown key 'slot'\n    did you mean 'slots'?"),
    ("ansible_user: ops", "→ansible_usr: ops", "all.vars.ansible_usr: unknown key 'ansible_usr'\n    did you mean 'ansible_user'?"),
    ("slots: {onprem: 8}", "→ansible_password: x", "all.hosts.one.ansible_password: a password must not stand in the inventory"),
    ("slots: {onprem: 8}", "→ansible_become_pass: x", "all.hosts.one.ansible_become_pass: a password must not stand in the inventory"),
    ("10.0.0.13", "→'{{ lookup(\"pipe\", \"id\") }}'", "all.children.private.hosts.three.ansible_host: '{{ lookup(\"pipe\", \"id\") }}' is a template of Ansible"),
    ("slots: {onprem: 8}", "ansible_ssh_common_args: →-o HostName=10.0.0.13", "all.hosts.one.ansible_ssh_common_args: HostName leads to another machine than ansible_host says"),
    ("slots: {onprem: 8}", "→ansible_connection: local", "all.hosts.one.ansible_connection: unknown key 'ansible_connection'"),
    ("slots: {onprem: 8}", "→ansible_user: null", "all.hosts.one.ansible_user: says nothing\n    write a value, or remove the key"),
    ("    two:", "    →Two:", "all.hosts.Two: 'Two' cannot name a host"),
    ("    two:", "    →'node[1:9]':", "all.hosts.node[1:9]: 'node[1:9]' cannot name a host"),
    ("    two:", "    →localhost:", "all.hosts.localhost: 'localhost' is Ansible's name for the machine that deploys"),
    ("{three: {ansible_host: 10.0.0.13}}", "{→one: {ansible_host: 10.0.0.13}}", "all.children.private.hosts.one: the host 'one' is written out twice\n    line 4 has it already"),
    ("    private:\n", "    one:\n", "→all.hosts.one: a group is called 'one' too"),
    ("    private:\n", "    →Private-:\n", "all.children.Private-: 'Private-' cannot name a group"),
    ("    private:\n", "    →all:\n", "all.children.all: 'all' holds every group: it can be in none"),
    ("  vars: {ansible_user", "  →var: {ansible_user", "all.var: unknown key 'var'\n    did you mean 'vars'?"),
    ("  vars: {ansible_user: ops}", "  vars: →[ops]", "all.vars: must be a mapping"),
]  # fmt: skip


def placed(text: str) -> tuple[str, str]:
    """Return *text* without its arrow, and line and column of it."""
    before = text.partition("→")[0].split("\n")
    return text.replace("→", ""), f"{len(before)}:{len(before[-1]) + 1}"


def test_a_good_inventory_is_read(fleet: Any) -> None:
    """Hosts by name, with zone, slots and memory worked out, and what Ansible needs to log in."""
    found = {host.name: host for host in fleet.load(GOOD).hosts}
    assert list(found) == ["one", "three", "two"]
    assert [(host.zone, host.queues) for host in found.values()] == [
        ("onprem", ("onprem",)),
        ("pii", ("pii",)),
        ("onprem", ("onprem", "heavy")),
    ]
    assert (found["one"].slots, found["two"].slots) == ({"onprem": 8}, {"onprem": 3, "heavy": 2})
    assert found["one"].memory == {"onprem": 17 * 2**30}
    assert found["three"].connection == {"ansible_user": "ops", "ansible_host": "10.0.0.13"}
    assert (found["three"].groups, found["three"].line) == (("all", "private"), 9)


@pytest.mark.parametrize(("right", "wrong", "said"), CASES)
def test_each_law_is_told_with_its_place(fleet: Any, right: str, wrong: str, said: str) -> None:
    """File, line, column, field, remedy; and nothing else is told."""
    assert GOOD.count(right) == 1
    whole = GOOD.replace(right, wrong).replace("    one:", "    →one:", int(said.startswith("→")))
    text, place = placed(whole)
    if "NODE2" in wrong:
        text, place = placed(text.replace(" node2.ex", " →node2.ex"))
    problems = fleet.problems(text)
    assert len(problems) == 1, problems
    start = re.escape(f"environments/local/inventory/hosts.yml:{place}: {said.removeprefix('→')}")
    assert re.match(start, str(problems[0])), problems[0]


@pytest.mark.parametrize("text", ["[]\n", "x\n", "7\n", "null\n"])
def test_a_document_that_is_no_inventory_is_told(fleet: Any, text: str) -> None:
    """With the form that it should have."""
    (problem,) = fleet.problems(text)
    assert str(problem).endswith(":1:1: must be a mapping of groups\n    begin with all: {hosts: {…}}")


def test_every_law_has_a_remedy(fleet: Any) -> None:
    """Or its message says all that there is to do."""
    plain = ("must be", "needs", "unknown key", "HostName")
    for right, wrong, _ in CASES:
        for problem in fleet.problems(GOOD.replace(right, wrong.replace("→", ""))):
            assert problem.remedy or problem.message.startswith(plain), problem


def test_all_mistakes_are_told_in_one_run(fleet: Any) -> None:
    """Of the form and of the laws, of every host."""
    text = (
        GOOD.replace("[onprem], slots", "[onprme], slot")
        .replace("[pii]", "[pii, far]")
        .replace("10.0.0.13", "x y")
    )
    assert len(fleet.problems(text)) == 4


def test_groups_that_say_different_things_are_refused(fleet: Any) -> None:
    """Unless one of them is inside the other."""
    text = (
        "all:\n  hosts: {one: {ansible_host: 10.0.0.11}}\n  children:\n"
        "    a: {vars: {queues: [onprem]}, hosts: {one: }}\n    b: {vars: {queues: [far]}, %s}\n"
    )
    (problem,) = fleet.problems(text % "hosts: {one: }")
    assert "'queues' of 'one' is said by the groups a and b" in problem.message and problem.line == 2
    assert fleet.load(text % "children: {a: }").hosts[0].queues == ("onprem",)


def test_groups_that_say_the_same_are_taken(fleet: Any) -> None:
    """There is nothing to choose."""
    group = "{vars: {queues: [far]}, hosts: {one: }}"
    text = f"all: {{hosts: {{one: {{ansible_host: 10.0.0.11}}}}, children: {{a: {group}, b: {group}}}}}\n"
    assert fleet.load(text).hosts[0].zone == "far"


def test_a_host_in_other_groups_is_named_there(fleet: Any) -> None:
    """A name alone, before or after what is said of it; groups stand at the top too."""
    text = "racks: {hosts: {one: , two: }}\n" + GOOD
    assert [host.groups for host in fleet.load(text).limited_to("racks")] == [("all", "racks")] * 2


def test_a_group_inside_itself_is_refused(fleet: Any) -> None:
    """By whatever way, without an end to the search."""
    text = GOOD + "a: {children: {b: }}\nb: {children: {a: }}\n"
    assert [problem.field for problem in fleet.problems(text)] == ["a", "b"]


def test_a_limit_names_hosts_and_groups(fleet: Any) -> None:
    """One that names nothing is refused: all hosts are not what was meant."""
    inventory = fleet.load(GOOD)
    assert [host.name for host in inventory.limited_to("private, one")] == ["one", "three"]
    with pytest.raises(Exception, match=r"no host or group is called 'onne'\n.*did you mean 'one'"):
        inventory.limited_to("onne")


def test_the_inventory_that_the_reference_shows_is_right(fleet: Any) -> None:
    """It loads as it stands there."""
    form = next(inventory_notes())
    shown = "\n".join(line for line in form.splitlines() if line.startswith("    "))
    assert [host.name for host in fleet.load(textwrap.dedent(shown)).hosts] == [
        "hadoop1",
        "hadoop2",
        "personal1",
    ]


def test_queues_that_nobody_serves_are_known(fleet: Any) -> None:
    """No mistake: the last host of a queue may go."""
    assert fleet.load(GOOD).unserved == ("far", "records")


@pytest.mark.parametrize("name", ["group_vars", "host_vars", "hosts.yaml", "more.ini"])
def test_what_ansible_would_read_beside_the_file_is_refused(fleet: Any, name: str) -> None:
    """It would look like a part of the inventory."""
    stranger = fleet.path.parent / name
    stranger.mkdir() if name.endswith("vars") else stranger.write_text("")
    try:
        (problem,) = fleet.problems(GOOD)
    finally:
        stranger.rmdir() if stranger.is_dir() else stranger.unlink()
    assert str(problem).startswith(
        f"environments/local/inventory/{name}: is not read\n    write everything into hosts.yml"
    )


def test_an_environment_without_an_inventory_has_no_hosts(fleet: Any, tmp_path: Path) -> None:
    """Nothing is wrong with it."""
    assert load_inventory(tmp_path, fleet.environment).hosts == ()
    assert inventory_problems(tmp_path, fleet.environment) == ()


def test_a_link_is_no_inventory(fleet: Any, tmp_path: Path) -> None:
    """It could lead anywhere."""
    folder = tmp_path / "environments/local/inventory"
    folder.mkdir(parents=True)
    (folder / "hosts.yml").symlink_to("/etc/passwd")
    with pytest.raises(ProblemsFound, match="a symbolic link"):
        load_inventory(tmp_path, fleet.environment)
