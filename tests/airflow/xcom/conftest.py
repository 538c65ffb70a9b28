"""Real stores, and a real database with Airflow's tables, for tests of large results."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import seaweedfs
from aerodrome_airflow.xcom.content import Limits, Spill, verified
from aerodrome_airflow.xcom.folder import FolderStore
from aerodrome_airflow.xcom.place import Place
from aerodrome_airflow.xcom.reference import Reference
from aerodrome_airflow.xcom.settings import settings

LOGIN = seaweedfs.Login("tester", "tester-secret")


@dataclass(frozen=True)
class Bucket:
    """A bucket of an S3 server of this session's own."""

    endpoint: str
    client: Any

    def empty_store(self) -> Any:
        """Return a store below a prefix of its own."""
        from aerodrome_airflow.xcom.s3 import S3Store

        return S3Store(lambda: self.client, "results", f"{uuid.uuid4().hex}/")


@pytest.fixture(scope="session")
def bucket() -> Iterator[Bucket]:
    """A bucket of SeaweedFS."""
    with seaweedfs.with_bucket("results", LOGIN) as (endpoint, client):
        yield Bucket(endpoint, client)


@pytest.fixture
def folder_store(tmp_path: Path) -> FolderStore:
    """An empty store in a folder."""
    (tmp_path / "store").mkdir()
    return FolderStore(tmp_path / "store")


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest) -> Any:
    """An empty store, in a folder and in S3."""
    if request.param == "folder":
        return request.getfixturevalue("folder_store")
    return request.getfixturevalue("bucket").empty_store()


@pytest.fixture
def place() -> Place:
    """A task of tenant alpha."""
    return Place("test", "alpha.daily", "manual__2024-01-31T00:00:00+00:00", "load")


@dataclass(frozen=True)
class Content:
    """Writes content to a store and reads it again."""

    store: Any
    limits: Limits

    def write(self, place: Place, content: bytes, key: Any = None) -> Any:
        """Return what refers to *content*."""
        spill = Spill(self.store, place, "return_value", self.limits, key)
        spill.write(content)
        return spill.finish("bytes")

    def read(self, reference: Reference, key: Any = None) -> bytes:
        """Return the content of an object."""
        with verified(self.store, reference, key) as file:
            return file.read()


@pytest.fixture
def content(store: Any) -> Content:
    """Content in either store; nothing is small enough for the database."""
    return Content(store, Limits(inline=-1))


@pytest.fixture
def contents() -> Callable[[Any], Content]:
    """Content in a given store; nothing is small enough for the database."""
    return lambda store: Content(store, Limits(inline=-1))


Running = Callable[..., AbstractContextManager[Any]]


@pytest.fixture
def running() -> Running:
    """Be a task of a DAG, as Airflow's task process is."""
    from airflow.sdk.execution_time.context import set_current_context

    @contextmanager
    def task(dag_id: str) -> Iterator[Any]:
        with set_current_context({"ti": SimpleNamespace(dag_id=dag_id)}):  # type: ignore[typeddict-item]
            yield

    return task


@pytest.fixture
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder where Airflow's configuration says that large results go; 1,000 bytes are large."""
    folder = tmp_path / "configured"
    folder.mkdir()
    for name, value in {
        "ENVIRONMENT": "test",
        "XCOM_STORE": str(folder),
        "XCOM_INLINE_BYTES": "1000",
        "XCOM_LARGEST_BYTES": "90000000",
        "XCOM_SEALED_TENANTS": "health",
    }.items():
        monkeypatch.setenv(f"AIRFLOW__AERODROME__{name}", value)
    settings.cache_clear()
    yield folder
    settings.cache_clear()


class AirflowRows:
    """Airflow's own tables, changed as Airflow changes them."""

    def __init__(self, engine: Any) -> None:
        from sqlalchemy.orm import sessionmaker

        self.sessions = sessionmaker(engine)

    def start_run(self, dag_id: str, run_id: str, tasks: tuple[str, ...]) -> None:
        """Make a run whose tasks wait."""
        from airflow.models.dagrun import DagRun
        from airflow.models.taskinstance import TaskInstance
        from sqlalchemy import func, insert

        run = {"dag_id": dag_id, "run_id": run_id}
        with self.sessions.begin() as session:
            session.execute(insert(DagRun.__table__).values(**run, run_type="manual", run_after=func.now()))
            for task in tasks:
                values = {
                    "id": uuid.uuid4(),
                    "task_id": task,
                    "try_number": 0,
                    "pool": "default_pool",
                    "pool_slots": 1,
                }
                session.execute(insert(TaskInstance.__table__).values(**run, **values))

    def set_state(self, place: Place, state: str | None) -> None:
        """Say what the scheduler thinks of a task."""
        from airflow.models.taskinstance import TaskInstance

        with self.sessions.begin() as session:
            session.query(TaskInstance).filter_by(
                dag_id=place.dag_id, run_id=place.run_id, task_id=place.task_id
            ).update({"state": state})

    def put(self, place: Place, key: str, value: Any) -> None:
        """Store a result as the API server does."""
        from airflow.models.xcom import XComModel

        with self.sessions.begin() as session:
            XComModel.set(
                key,
                value,
                dag_id=place.dag_id,
                task_id=place.task_id,
                run_id=place.run_id,
                serialize=False,
                session=session,
            )

    def clear(self, place: Place) -> None:
        """Delete a task's results as the API server does."""
        from airflow.models.xcom import XComModel

        with self.sessions.begin() as session:
            session.query(XComModel).filter_by(
                dag_id=place.dag_id, run_id=place.run_id, task_id=place.task_id
            ).delete()

    def delete_run(self, dag_id: str, run_id: str) -> None:
        """Delete a run with all that belongs to it."""
        from airflow.models.dagrun import DagRun

        with self.sessions.begin() as session:
            session.query(DagRun).filter_by(dag_id=dag_id, run_id=run_id).delete()

    def delete_dag(self, dag_id: str) -> None:
        """Delete a DAG as `airflow dags delete` and the API server do; none of its tasks may run."""
        from airflow.api.common.delete_dag import delete_dag
        from airflow.models.dag import DagModel
        from airflow.models.dagbundle import DagBundleModel

        with self.sessions.begin() as session:
            session.merge(DagBundleModel(name="tenants"))
            session.merge(DagModel(dag_id=dag_id, bundle_name="tenants"))
            session.flush()
            delete_dag(dag_id, session=session)


@pytest.fixture(scope="session")
def rows(postgres: Any) -> Iterator[AirflowRows]:
    """Airflow's tables in a database of their own."""
    import sqlalchemy
    from airflow.models import import_all_models
    from airflow.models.base import Base

    address = postgres.uri.replace("postgres:", "postgresql+psycopg:")
    server = sqlalchemy.create_engine(address, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(sqlalchemy.text("CREATE DATABASE results"))
    engine = sqlalchemy.create_engine(f"{address.rpartition('/')[0]}/results")
    import_all_models()
    Base.metadata.create_all(engine)
    yield AirflowRows(engine)
    engine.dispose()
    with server.connect() as connection:
        connection.execute(sqlalchemy.text("DROP DATABASE results WITH (FORCE)"))


@pytest.fixture
def airflow_home(tmp_path: Path) -> dict[str, str]:
    """The environment of an Airflow process without anything of this one's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    return kept | {"AIRFLOW_HOME": str(tmp_path / "home"), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
