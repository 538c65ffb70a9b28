"""Fixtures that every test folder shares."""

from __future__ import annotations

import atexit
import importlib.util
import os
import pwd
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import own_temporary_folder
import pytest
from own_temporary_folder import pytest_sessionfinish, pytest_unconfigure
from xdist.scheduler import LoadScopeScheduling

__all__ = ["pytest_sessionfinish", "pytest_unconfigure"]

REPOSITORY = Path(__file__).resolve().parents[1]
SPARE_USERS = ("games", "news", "mail", "lp", "uucp", "proxy", "list", "irc", "backup")
# Folders whose tests share something costly, which only one of the test processes then starts.
SHARING = tuple(
    f"tests/{folder}/"
    for folder in (
        "airflow/local",
        "airflow/run_once",
        "airflow/dag_processor",
        "airflow/entrance",
        "airflow/operators",
        "render/hostile",
        "airflow/api",
        "airflow/login",
        "chart/checks",
        "hosts/end_to_end",
        "hosts/hadoop",
        "security/deployed",
        "security/login",
        "security/served",
    )
)

own_temporary_folder.make()
# Airflow writes a configuration into its home as soon as it is imported, and some test modules import it.
os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp(prefix="aerodrome-airflow-home-")
os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
atexit.register(shutil.rmtree, os.environ["AIRFLOW_HOME"], ignore_errors=True)


class Folders(LoadScopeScheduling):
    """Keeps the tests of a file, or of a folder that shares something, in one process."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return next((folder for folder in SHARING if file.startswith(folder)), file)


class SharingFolder(pytest.Package):
    """A folder of `SHARING`: its fixtures of scope `package` end with its last test.

    Those of scope `session` would work on beside all other tests: a platform that idles takes a fifth of a core.
    """

    def setup(self) -> None:
        """Import nothing: to Python the folder is no package."""


def pytest_collect_directory(path: Path, parent: pytest.Collector) -> SharingFolder | None:
    """Return the collector of a folder that shares something; None where it is an ordinary one."""
    is_sharing = path.is_relative_to(REPOSITORY) and f"{path.relative_to(REPOSITORY)}/" in SHARING
    return SharingFolder.from_parent(parent, path=path) if is_sharing else None


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Folders:
    """Return who shares the tests out among the processes of `pytest -n`."""
    return Folders(config, log)


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of this repository."""
    return REPOSITORY


@pytest.fixture(scope="session")
def spare_users() -> tuple[str, ...]:
    """Users of every Linux that nobody works as; other test processes on this machine use others."""
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
    count = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    known = {entry.pw_name for entry in pwd.getpwall() if entry.pw_uid and entry.pw_gid}
    return tuple(name for name in SPARE_USERS if name in known)[number % count :: count]


def _launcher_under_test(repository: Path) -> Any:
    name = "launcher_under_test"
    if name not in sys.modules:
        path = repository / f"tests/unit/launcher/{name}.py"
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None and spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


@pytest.fixture(scope="session")
def running_launcher(repository: Path, spare_users: tuple[str, ...]) -> Iterator[Any]:
    """A launcher with tenant alpha; isolated where the tests run as root."""
    mode = "root" if os.geteuid() == 0 else "ordinary"
    with _launcher_under_test(repository).running(mode, repository, spare_users) as launcher:
        yield launcher


@pytest.fixture
def launcher(running_launcher: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The launcher that operators find in Airflow's configuration."""
    monkeypatch.setenv("AIRFLOW__AERODROME__LAUNCHER_SOCKET", str(running_launcher.socket))
    return running_launcher
