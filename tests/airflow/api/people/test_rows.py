"""The condition on rows holds for every way in which Airflow reads them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from aerodrome_airflow.auth import rows
from sqlalchemy import Engine, create_engine, func, select
from sqlalchemy.orm import Session

ALPHA = frozenset({"alpha"})


@pytest.fixture(scope="module")
def engine(place: Any) -> Iterator[Engine]:
    """A connection to the servers' database from this process."""
    rows.install()
    made = create_engine(place.database.replace("postgresql:", "postgresql+psycopg:"))
    yield made
    made.dispose()


def _read(engine: Engine, statement: Any) -> set[Any]:
    with Session(engine) as session:
        return set(session.scalars(statement))


def test_rows_of_others_are_not_read(engine: Engine) -> None:
    """Plain, joined, aliased, nested and counted."""
    from airflow.models import DagModel, DagRun
    from sqlalchemy.orm import aliased

    other = aliased(DagRun)
    inner = select(DagModel.dag_id).subquery()
    statements = (
        select(DagRun.dag_id),
        select(other.dag_id).join(DagModel, DagModel.dag_id == other.dag_id),
        select(DagRun.dag_id).union_all(select(DagModel.dag_id)),
        select(inner.c.dag_id),
    )
    for statement in statements:
        with rows.confined(ALPHA):
            assert {name.partition(".")[0] for name in _read(engine, statement)} == {"alpha"}
        assert {name.partition(".")[0] for name in _read(engine, statement)} == {"alpha", "beta"}
    with rows.confined(ALPHA):
        assert _read(engine, select(func.count()).select_from(inner)) == {2}


def test_a_single_row_of_others_is_not_found(engine: Engine) -> None:
    """By its key, as the pages of single things read it."""
    from airflow.models import DagModel

    with Session(engine) as session, rows.confined(ALPHA):
        assert session.get(DagModel, "beta.daily") is None
        assert session.get(DagModel, "alpha.daily") is not None


def test_conditions_of_one_person_are_never_those_of_the_next(engine: Engine) -> None:
    """A statement that was prepared for one tenant reads the next one's rows for the next one."""
    from airflow.models import DagModel

    for tenant in ("alpha", "beta", "alpha"):
        with rows.confined(frozenset({tenant})):
            assert all(name.startswith(f"{tenant}.") for name in _read(engine, select(DagModel.dag_id)))
    with rows.confined(frozenset()):
        assert not _read(engine, select(DagModel.dag_id))


def test_rows_of_others_are_not_changed(engine: Engine) -> None:
    """An update or a delete of everything is one of the tenant's own."""
    from airflow.models import DagRun, Pool
    from sqlalchemy import delete, update

    with Session(engine) as session, rows.confined(ALPHA):
        own = len(session.scalars(select(DagRun.id)).all())
        assert session.execute(update(DagRun).values(clear_number=0)).rowcount == own
        assert session.execute(delete(Pool)).rowcount == 3
        session.rollback()


def test_a_table_read_past_the_models_is_refused(engine: Engine) -> None:
    """Where no condition can be added, nothing is read."""
    from airflow.models import DagModel

    with rows.confined(ALPHA), pytest.raises(rows.UnconfinedStatement):
        _read(engine, select(DagModel.__table__.c.dag_id))
