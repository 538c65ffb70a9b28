"""DAG files that the renderer never wrote, read by Airflow as the DAG processor reads the bundle."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from suite.place import Place

SETTING = "AIRFLOW__AERODROME__ENFORCE_POLICY"


def untouched(place: Place, name: str = "daily") -> str:
    """Return the ids of the DAGs of the rendered file *name* as it is."""
    return accepted(place, name, "", "")


def accepted(place: Place, name: str, old: str, new: str) -> str:
    """Return the ids of the DAGs that Airflow takes from the rendered file *name*, once *old* in it is *new*."""
    from airflow.dag_processing.dagbag import DagBag

    golden: Path = place.find("repository") / "tests/render/golden"
    text = (golden / f"{name}.py").read_text()
    assert old in text, f"{name}.py holds no {old!r}: the attack does nothing"
    folder = place.folder / f"bundle-{len(list(place.folder.iterdir()))}" / "flights"
    folder.mkdir(parents=True)
    shutil.copy(golden / "expected" / "policy.json", folder)
    (folder / f"{name}.py").write_text(text.replace(old, new))
    bag = DagBag(folder, collect_dags=False, bundle_path=folder.parent, bundle_name="test")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(SETTING, str(not place.notes.get("no policy")))
        bag.process_file(str(folder / f"{name}.py"))
    return ", ".join(bag.dags)


@contextlib.contextmanager
def without_policy(place: Place) -> Iterator[Place]:
    """Airflow without the cluster policy."""
    yield replace(place, notes={"no policy": True})
