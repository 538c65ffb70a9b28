"""Environments that no DAG names are cleared away."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from aerodrome.runtime import Workshop, build_runtime, prune, prune_all, read_source
from aerodrome.runtime.turns import open_lock, take

MakeTenant = Callable[..., Path]


def pretend(into: Path, number: int, tenant: str = "payments") -> list[str]:
    """Make *number* empty environments of the tenant, the oldest first, and return their names."""
    names = [f"{index:016x}" for index in range(number)]
    for age, name in enumerate(names):
        (into / tenant / name / "bin").mkdir(parents=True)
        os.utime(into / tenant / name, (age, age))
    return names


def environments(into: Path, tenant: str = "payments") -> list[str]:
    """Return the names of what is left of the tenant's environments."""
    return sorted(path.name for path in (into / tenant).glob("[0-9a-f]*"))


@contextmanager
def builder(home: Path) -> Iterator[None]:
    """Hold the lock of a tenant's place, as a build in another process does."""
    with open_lock(home.parent, home.name) as lock:
        assert take(lock)
        yield


def test_named_and_newest_environments_stay(tmp_path: Path) -> None:
    """Two of six are neither named nor among the three newest."""
    names = pretend(tmp_path, 6)
    assert prune(tmp_path, "payments", {names[0]}) == (names[1], names[2])
    assert environments(tmp_path) == [names[0], *names[3:]]


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


def test_nothing_is_removed_where_somebody_builds(tmp_path: Path) -> None:
    """An environment that is being built, or was just asked for, is not known to be named yet."""
    names = pretend(tmp_path, 6)
    with builder(tmp_path / "payments"):
        assert prune(tmp_path, "payments", set()) == () and environments(tmp_path) == names
    assert len(prune(tmp_path, "payments", set())) == 3


def test_a_removed_tenant_keeps_what_a_publish_still_names(tmp_path: Path) -> None:
    """A rollback may bring its DAGs back; the tenants that are there keep their newest as well."""
    names = pretend(tmp_path, 5)
    pretend(tmp_path, 5, "gone")
    removed = prune_all(tmp_path, {names[0]}, ["payments"])
    assert removed == {"gone": tuple(names[1:]), "payments": (names[1],)}
    assert environments(tmp_path, "gone") == [names[0]]


def test_the_folder_of_a_removed_tenant_goes_with_its_last_environment(tmp_path: Path) -> None:
    """With its layers; what is no tenant's folder is left alone."""
    pretend(tmp_path, 2, "gone")
    (tmp_path / "gone" / ".layers").mkdir()
    (tmp_path / ".hidden").mkdir()
    prune_all(tmp_path, set(), ["payments"])
    assert sorted(path.name for path in tmp_path.iterdir()) == [".hidden", ".locks"]


def test_a_builder_that_waited_for_a_removal_starts_afresh(
    make_tenant: MakeTenant, workshop: Workshop
) -> None:
    """The folder of the tenant is gone meanwhile."""
    home = workshop.into / "payments"
    home.mkdir(parents=True)
    source = read_source(make_tenant())
    assert source is not None
    with ThreadPoolExecutor(1) as pool:
        with builder(home):
            waiting = pool.submit(build_runtime, source, workshop)
            time.sleep(0.3)
            shutil.rmtree(home)
        assert (waiting.result().path / "bin" / "python").exists()


def test_without_any_environment_there_is_nothing_to_prune(tmp_path: Path) -> None:
    """Nothing was ever built."""
    assert prune_all(tmp_path / "none", set(), []) == {}
