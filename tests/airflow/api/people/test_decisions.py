"""Somebody has decided about every route of the API server and every table of Airflow."""

from __future__ import annotations

from typing import Any

import pytest
from aerodrome_airflow.auth.routes import MOUNTS, Decision, decide, decide_below, decisions
from aerodrome_airflow.auth.rows import condition_of, is_decided


def _routes(place: Any) -> set[tuple[str, str]]:
    return {
        ("GET" if method == "HEAD" else method, route["path"])
        for route in place.defended.routes["core"]
        if route["kind"] != "Mount"
        for method in route["methods"]
    }


def test_every_route_of_the_running_server_is_decided(place: Any) -> None:
    """A route that a new Airflow brings is refused to members of tenants, and fails this test."""
    assert not _routes(place) - decisions().keys()


def test_no_decision_is_about_a_route_that_is_gone(place: Any) -> None:
    """The table holds what the server has, apart from the page's own address."""
    assert decisions().keys() - _routes(place) <= {("GET", "/")}


def test_every_mounted_application_is_decided(place: Any) -> None:
    """An application that a plugin mounts is refused to members of tenants, and fails this test."""
    assert {
        route["path"] for route in place.defended.routes["core"] if route["kind"] == "Mount"
    } == MOUNTS.keys()


def test_a_route_that_nobody_thought_about_is_closed() -> None:
    """What a new version of Airflow adds is refused until somebody decides."""
    assert decide("GET", "/api/v2/brandNew/{dag_id}") is Decision.CLOSED
    assert decide("PATCH", "/api/v2/version") is Decision.CLOSED


@pytest.mark.parametrize(
    ("path", "decision"),
    [("/fab/v1/users", Decision.CLOSED), ("/fab/v2/new", Decision.CLOSED), ("/token", Decision.OPEN)],
)
def test_of_the_logins_own_application_the_api_of_people_is_closed(path: str, decision: Decision) -> None:
    """All that is below it, also what a new version of FAB adds; an application that nobody knows is closed too."""
    assert decide_below("/auth", lambda: path) is decision
    assert decide_below("/brand-new", lambda: path) is Decision.CLOSED


def test_every_table_of_airflow_is_decided() -> None:
    """A table that a new Airflow brings shows no row to members of tenants, and fails this test."""
    from airflow.models import import_all_models
    from airflow.models.base import Base

    import_all_models()
    assert not [mapper.class_ for mapper in Base.registry.mappers if not is_decided(mapper.class_)]


def test_a_table_that_nobody_thought_about_shows_nothing() -> None:
    """Without a DAG's name in it and without a decision, no row of it is anybody's."""
    from sqlalchemy import Integer, false
    from sqlalchemy.orm import DeclarativeBase, mapped_column

    class Base(DeclarativeBase):
        pass

    class BrandNew(Base):
        __tablename__ = "brand_new"
        id = mapped_column(Integer, primary_key=True)

    assert str(condition_of(BrandNew)(BrandNew, frozenset({"alpha"}))) == str(false())
