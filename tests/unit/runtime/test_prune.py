"""Environments that no DAG names are cleared away."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from aerodrome.runtime import Workshop, build_runtime, prune, read_source

MakeTenant = Callable[..., Path]


def pretend(into: Path, number: int) -> list[str]:
    """Make *number* empty environments of `payments`, the oldest first, and return their names."""
    names = [f"{index:016x}" for index in range(number)]
    for age, name in enumerate(names):
        (into / "payments" / name / "bin").mkdir(parents=True)
        os.utime(into / "payments" / name, (age, age))
    return names


def test_named_and_newest_environments_stay(tmp_path: Path) -> None:
    """Two of six are neither named nor among the three newest."""
    names = pretend(tmp_path, 6)
    assert prune(tmp_path, "payments", {names[0]}) == (names[1], names[2])
    assert sorted(path.name for path in (tmp_path / "payments").iterdir()) == [names[0], *names[3:]]


def test_a_tenant_without_environments_has_nothing_to_prune(tmp_path: Path) -> None:
    """A folder that is not there is no error."""
    assert prune(tmp_path, "payments", set()) == ()


def test_a_layer_goes_with_its_last_environment(make_tenant: MakeTenant, workshop: Workshop) -> None:
    """What one environment still stands on is kept."""
    source = read_source(make_tenant())
    assert source is not None
    layer = build_runtime(source, workshop).path.parent / ".layers" / source.layer
    prune(workshop.into, "payments", {source.digest}, keep=0)
    assert layer.is_dir()
    prune(workshop.into, "payments", set(), keep=0)
    assert not layer.exists()
