"""`aerodrome tenant NAME`: a folder that passes its check and its tests at once."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def open_place(place: Any) -> Iterator[Any]:
    """A repository whose state every user can reach: as root a tenant's tests run as the tenant's user."""
    folder = Path(tempfile.mkdtemp(prefix="aerodrome-place-"))
    folder.chmod(0o755)
    moved = replace(place, root=Path(shutil.move(place.root, folder / "repository")))
    yield moved
    moved.run("destroy", "--yes")
    shutil.rmtree(folder)


def test_a_new_tenant_passes_check_and_tests_at_once(open_place: Any) -> None:
    """Without an edit, and with what to do next; nothing is left in the folder for temporary files."""
    made = open_place.run("tenant", "quick")
    assert made.returncode == 0 and "make test TENANT=quick" in made.stdout
    done = open_place.run("test", "quick")
    assert (done.returncode, open_place.left()) == (0, []), done.stdout + done.stderr
    assert "1 DAG of 1 tenant" in done.stdout and " passed" in done.stdout


def test_a_failing_test_is_the_commands_exit_code(open_place: Any) -> None:
    """What pytest says is printed as it is."""
    open_place.tenant("alpha", "daily")
    open_place.write("tenants/alpha/tests/test_it.py", "def test_it() -> None:\n    assert [1] == [2]\n")
    done = open_place.run("test", "alpha")
    assert done.returncode == 1 and "assert [1] == [2]" in done.stdout


def test_a_tenant_with_mistakes_is_not_tested(good: Any) -> None:
    """The check comes first."""
    good.dag("alpha", "broken", "dag_id: broken\n")
    good.write("tenants/alpha/tests/test_it.py", "def test_it() -> None: ...\n")
    done = good.run("test", "alpha")
    assert done.returncode == 2 and "passed" not in done.stdout


@pytest.mark.parametrize("name", ["Quick", "../x", "", "json", "-x", "a\nb"])
def test_a_name_that_no_tenant_can_have_is_refused(place: Any, name: str) -> None:
    """Exit code 2, and nothing is written."""
    done = place.run("tenant", "--", name)
    assert done.returncode == 2 and "Traceback" not in done.stderr and len(done.stderr.splitlines()) >= 2
    assert not [*(place.root / "tenants").iterdir()] and not (place.root / "CODEOWNERS").exists()


def test_a_tenant_is_never_overwritten(place: Any) -> None:
    """The second call says that it is there."""
    place.run("tenant", "quick")
    place.write("tenants/quick/tenant.yaml", "mine")
    done = place.run("tenant", "quick")
    assert done.returncode == 2 and done.stderr.startswith("tenants/quick exists")
    assert (place.root / "tenants/quick/tenant.yaml").read_text() == "mine"
