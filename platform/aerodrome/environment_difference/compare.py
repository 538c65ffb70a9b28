"""Two environments side by side."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from aerodrome.environment_difference.declared import Declared, declared
from aerodrome.environment_difference.leaves import Leaves
from aerodrome.environment_difference.running import running
from aerodrome.errors import AerodromeError, counted
from aerodrome.names import tenant_of

NOT_SHOWN = "(not shown)"


@dataclass(frozen=True)
class Difference:
    """One value of a *part* that is not the same in both; None: it is not there."""

    part: str
    what: str
    a: str | None
    b: str | None


@dataclass(frozen=True)
class Compared:
    """All differences, in an order that does not change, and what people should know about them."""

    a: str
    b: str
    differences: tuple[Difference, ...]
    notes: tuple[str, ...]


def compare(root: Path, a: str, b: str, *, live: bool) -> Compared:
    """Return what differs between the environments *a* and *b*; clusters are asked only with *live*."""
    both = declared(root, a), declared(root, b)
    found = tuple(differences(*both))
    notes = tuple(note for one in both for note in _notes(one))
    if live:
        ran, told = _live(root, both)
        found, notes = (*found, *ran), (*notes, *told)
    return Compared(a, b, found, notes)


def differences(a: Declared, b: Declared) -> Iterator[Difference]:
    """Yield what is declared otherwise, part by part."""
    yield from _of("environment", a.settings, b.settings)
    if a.values and b.values:
        secret = a.secret | b.secret
        # Which environment it is stands in the values too.
        own = a.environment.name, b.environment.name
        found = (one for one in _of("values", a.values, b.values) if (one.a, one.b) != own)
        yield from (_hidden(one, secret) for one in found)
    yield from _of("tenant", _tenants(a), _tenants(b))
    both = sorted(a.limits.keys() & b.limits.keys())
    for tenant in both:
        yield from _of(f"limits of {tenant}", a.limits[tenant], b.limits[tenant])
    yield from _of("DAG", _dags(a, both), _dags(b, both))
    yield from _of("host", _hosts(a), _hosts(b))


def _of(part: str, a: Leaves, b: Leaves) -> Iterator[Difference]:
    for name in sorted(a.keys() | b.keys()):
        if a.get(name) != b.get(name):
            yield Difference(part, name, a.get(name), b.get(name))


def _hidden(one: Difference, secret: Collection[str]) -> Difference:
    if one.what not in secret:
        return one
    a, b = (value and NOT_SHOWN for value in (one.a, one.b))
    return replace(one, a=a, b=b)


def _tenants(one: Declared) -> Leaves:
    return dict.fromkeys(one.limits, "is there")


def _dags(one: Declared, tenants: Collection[str]) -> Leaves:
    return {dag: digest for dag, digest in one.dags.items() if tenant_of(dag) in tenants}


def _hosts(one: Declared) -> Leaves:
    return {
        f"{host}.{name}": value for host, settings in one.hosts.items() for name, value in settings.items()
    }


def _notes(one: Declared) -> Iterator[str]:
    name = one.environment.name
    if one.environment.kind != "kubernetes":
        yield f"{name} is of kind {one.environment.kind}: it has no chart whose values could differ"
    if one.problems:
        number = counted(len(one.problems), "mistake")
        yield f"{name}: {number} in its files; DAGs with mistakes are left out: make check ENV={name}"


def _live(root: Path, both: Sequence[Declared]) -> tuple[tuple[Difference, ...], tuple[str, ...]]:
    """Return what runs otherwise, where both can be asked, and a line for each that cannot."""
    told: list[str] = []
    found = [_running(root, one, told) for one in both]
    ran = tuple(_of("running", *found)) if all(found) else ()
    return ran, tuple(told)


def _running(root: Path, one: Declared, told: list[str]) -> Leaves:
    name = one.environment.name
    if one.environment.kind != "kubernetes":
        told.append(f"{name} is no cluster: what runs is not compared")
        return {}
    try:
        found = running(root, one.environment)
    except AerodromeError as problem:
        told.append(f"{name}: what runs is not compared: {problem.args[0]}")
        return {}
    if not found:
        told.append(f"{name}: nothing runs there and no deploy is on record: what runs is not compared")
    return found
