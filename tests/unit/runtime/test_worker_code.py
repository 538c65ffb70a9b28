"""What of the platform's own code goes to workers, and what a change of it means."""

from __future__ import annotations

import tomllib
import zipfile
from pathlib import Path

import pytest
from aerodrome.errors import AerodromeError
from aerodrome.runtime.worker_code import airflow_code, all_code, builder_code, digest, project_file
from aerodrome.runtime.worker_packages import platform_wheel
from hypothesis import given
from hypothesis import strategies as st

FILES = st.dictionaries(st.text(max_size=5), st.binary(max_size=5), max_size=4)
AIRFLOW_SIDE = "platform/aerodrome_airflow/one.py"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository of which Airflow's side imports one module."""
    put(tmp_path, AIRFLOW_SIDE, "from aerodrome import names\n")
    put(tmp_path, "platform/aerodrome/__init__.py", "")
    put(tmp_path, "platform/aerodrome/names.py", "")
    put(tmp_path, "platform/aerodrome/cli.py", "from aerodrome import names\n")
    return tmp_path


def put(root: Path, path: str, text: str) -> None:
    """Write a file of the repository."""
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


def found(root: Path) -> list[str]:
    """Return the names of the control program's modules that Airflow's side needs."""
    folder = "platform/aerodrome/"
    return [path.removeprefix(folder) for path in airflow_code(root) if path.startswith(folder)]


def test_what_is_imported_comes_with_its_packages(root: Path) -> None:
    """And what that imports; nothing else of the control program."""
    assert found(root) == ["__init__.py", "names.py"]


@pytest.mark.parametrize(
    "line",
    [
        "import aerodrome.deep.more\n",
        "from aerodrome.deep import (\n    more,\n)\n",
        "from aerodrome.deep.more import word\n",
        "def late() -> None:\n    from aerodrome.deep.more import word\n",
    ],
)
def test_each_way_to_import_is_seen(root: Path, line: str) -> None:
    """Also inside a function, and over several lines."""
    put(root, "platform/aerodrome/deep/__init__.py", "")
    put(root, "platform/aerodrome/deep/more.py", "import aerodrome.names\n")
    put(root, AIRFLOW_SIDE, line)
    assert found(root) == ["__init__.py", "deep/__init__.py", "deep/more.py", "names.py"]


def test_modules_that_import_each_other_come_once(root: Path) -> None:
    """However long the circle is."""
    put(root, "platform/aerodrome/names.py", "from aerodrome import cli\n")
    assert found(root) == ["__init__.py", "cli.py", "names.py"]


def test_a_file_that_is_no_python_is_named_with_its_line(root: Path) -> None:
    """It is the repository's own."""
    put(root, AIRFLOW_SIDE, "from aerodrome import names\n\ndef (:\n")
    with pytest.raises(
        AerodromeError, match=rf"^{AIRFLOW_SIDE}:3: no Python: .*\n.*check out the commit again"
    ):
        airflow_code(root)


@given(FILES, FILES)
def test_other_files_have_another_digest(one: dict[str, bytes], other: dict[str, bytes]) -> None:
    """And the same ones the same, in any order."""
    assert (digest(one) == digest(dict(reversed(other.items())))) is (one == other)


def test_the_command_line_goes_to_no_worker(repository: Path) -> None:
    """Neither its modules nor those that change a platform."""
    parts = {path.split("/")[2] for path in all_code(repository) if path.startswith("platform/aerodrome/")}
    assert parts.isdisjoint({"cli", "local", "kubernetes", "targets", "plan", "clients", "render", "secrets"})
    assert "platform/aerodrome/runtime/on_host.py" in builder_code(repository)


def test_the_project_keeps_what_airflow_looks_for(repository: Path) -> None:
    """Its policy and plugins by entry points, and no command."""
    whole = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    project = tomllib.loads(project_file(repository))["project"]
    assert project["entry-points"] == whole["entry-points"] != {}
    assert project["version"] == whole["version"] and not project.keys() & {"scripts", "readme"}


def test_the_wheel_holds_exactly_that(repository: Path, tmp_path: Path) -> None:
    """Beside its own description."""
    with zipfile.ZipFile(platform_wheel(repository, tmp_path)) as wheel:
        held = {name for name in wheel.namelist() if ".dist-info/" not in name}
    code = all_code(repository).keys() - {"pyproject.toml"}
    assert held == {path.removeprefix("platform/") for path in code}
