"""Groups and hosts of an inventory as it is written: who is in which group, and what is said of each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from aerodrome.errors import did_you_mean
from aerodrome.hosts.entry import (
    GROUP_PATTERN,
    HOST_PATTERN,
    RESERVED_HOSTS,
    HostEntry,
    is_password,
    template_in,
    unprintable_in,
)
from aerodrome.source.place import Path
from aerodrome.source.report import Report
from aerodrome.source.shape import check_part

ALL = "all"
_PARTS = ("vars", "hosts", "children")
_HOST = re.compile(HOST_PATTERN)
_GROUP = re.compile(GROUP_PATTERN)


class Said(NamedTuple):
    """A variable: its value as it is written, and where."""

    value: Any
    path: Path


Variables = dict[str, Said]


@dataclass
class Tree:
    """All that the file says and that has no mistake in itself."""

    hosts: dict[str, Path] = field(default_factory=dict)
    """Each host, and where it is named with what is said of it, or else first."""
    groups: dict[str, Path] = field(default_factory=dict)
    members: dict[str, set[str]] = field(default_factory=dict)
    """Host → groups that name it."""
    parents: dict[str, set[str]] = field(default_factory=dict)
    """Group → groups that name it as their child."""
    of_host: dict[str, Variables] = field(default_factory=dict)
    of_group: dict[str, Variables] = field(default_factory=dict)

    def groups_of(self, host: str) -> frozenset[str]:
        """Return every group that *host* is in, by whatever way."""
        return frozenset({ALL, *(above for group in self.members[host] for above in self.above(group))})

    def above(self, group: str) -> frozenset[str]:
        """Return *group* and every group that it is in, by whatever way."""
        found, open_ = {ALL}, [group]
        while open_:
            here = open_.pop()
            if here not in found:
                found.add(here)
                open_ += self.parents.get(here, ())
        return frozenset(found)


def read_tree(data: Any, report: Report) -> Tree:
    """Return what *data*, the whole document, says; each mistake in its form goes to *report*."""
    tree = Tree()
    if not isinstance(data, dict):
        report.at((), "must be a mapping of groups", "begin with all: {hosts: {…}}")
        return tree
    for name, group in data.items():
        _group(tree, name, group, (name,), report)
    _refuse_circles(tree, report)
    for name in sorted(tree.hosts.keys() & tree.groups.keys()):
        report.at_key(tree.hosts[name], f"a group is called '{name}' too", "give one of them another name")
    return tree


def _group(tree: Tree, name: str, said: Any, path: Path, report: Report) -> None:
    if not _GROUP.fullmatch(name):
        remedy = "a group is lower-case letters, digits and '_', and starts with a letter"
        report.at_key(path, f"'{name}' cannot name a group", remedy)
        return
    if said is not None and not isinstance(said, dict):
        report.at(path, "must be a mapping with hosts, vars or children", "")
        return
    if said and (first := tree.groups.get(name)) is not None and tree.of_group.get(name) is not None:
        message = f"the group '{name}' is written out twice"
        report.at_key(
            path, message, f"{_line(first, report)} has it already; elsewhere write `{name}:` alone"
        )
        return
    if said or name not in tree.groups:
        tree.groups[name] = path
    if said:
        tree.of_group[name] = {}
        _parts(tree, name, said, path, report)


def _parts(tree: Tree, name: str, said: Mapping[str, Any], path: Path, report: Report) -> None:
    for key in said:
        if key not in _PARTS:
            report.at_key((*path, key), f"unknown key '{key}'", did_you_mean(key, _PARTS))
    tree.of_group[name] = dict(_variables(_mapping(said, path, "vars", report), (*path, "vars"), report))
    for host, variables in _mapping(said, path, "hosts", report).items():
        place = (*path, "hosts", host)
        if _is_host(host, place, report):
            tree.members.setdefault(host, set()).add(name)
            _host(tree, host, variables, place, report)
    for child, group in _mapping(said, path, "children", report).items():
        place = (*path, "children", child)
        if child == ALL:
            report.at_key(place, f"'{ALL}' holds every group: it can be in none", "remove it")
            continue
        tree.parents.setdefault(child, set()).add(name)
        _group(tree, child, group, place, report)


def _mapping(said: Mapping[str, Any], path: Path, part: str, report: Report) -> Mapping[str, Any]:
    found = said.get(part)
    if found is None or isinstance(found, dict):
        return found or {}
    report.at((*path, part), "must be a mapping", f"as {part}: {{<name>: …}}")
    return {}


def _host(tree: Tree, name: str, said: Any, path: Path, report: Report) -> None:
    tree.hosts.setdefault(name, path)
    if said is not None and not isinstance(said, dict):
        report.at(path, "must be a mapping of variables, or nothing", "as {ansible_host: …, queues: […]}")
    elif said:
        first = tree.of_host.get(name)
        if first is not None:
            remedy = f"{_line(tree.hosts[name], report)} has it already; elsewhere write `{name}:` alone"
            report.at_key(path, f"the host '{name}' is written out twice", remedy)
            return
        tree.hosts[name] = path
        tree.of_host[name] = dict(_variables(said, path, report))


def _is_host(name: str, path: Path, report: Report) -> bool:
    if reason := RESERVED_HOSTS.get(name):
        report.at_key(path, f"'{name}' {reason}", "call the host something else")
        return False
    if not _HOST.fullmatch(name):
        remedy = "lower-case letters, digits and '-', a letter first, 31 characters at most; no ranges"
        report.at_key(path, f"'{name}' cannot name a host", remedy)
        return False
    return True


def _variables(said: Mapping[str, Any], path: Path, report: Report) -> Iterator[tuple[str, Said]]:
    """Yield the variables that are as they should be, each by itself; report the others."""
    for key, value in said.items():
        place = (*path, key)
        before = len(report.problems)
        _check(said, key, place, report)
        if len(report.problems) == before:
            yield key, Said(value, place)


def _check(said: Mapping[str, Any], key: str, place: Path, report: Report) -> None:
    value = said[key]
    if is_password(key):
        remedy = "log in with a key; `make workers ASK_SUDO=1` asks for the password of sudo"
        report.at_key(place, "a password must not stand in the inventory", remedy)
    elif value is None:
        report.at_key(place, "says nothing", "write a value, or remove the key")
    elif (text := template_in(value)) is not None:
        report.at(place, f"'{text}' is a template of Ansible", "write the value itself")
    elif (text := unprintable_in(value)) is not None:
        report.at(place, f"{text!r} has a character in it that is not printable", "remove it")
    else:
        check_part(HostEntry, {key: value}, key, report, place)


def _refuse_circles(tree: Tree, report: Report) -> None:
    for group in sorted(tree.parents):
        if any(group in tree.above(parent) for parent in tree.parents[group]):
            path = tree.groups.get(group, ())
            report.at_key(path, f"the group '{group}' is inside itself", "remove it from one of its children")


def _line(path: Path, report: Report) -> str:
    return f"line {report.positions.locate_key(path)[0]}"
