"""FAB's tables in a database of the test's own, as fixtures that conftest files import."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

ROLES = ("alpha.viewer", "alpha.editor", "beta.viewer", "Admin")


@pytest.fixture(scope="session")
def fab_template(postgres: Any) -> Iterator[str]:
    """A database with FAB's tables as FAB makes them, and some roles."""
    from airflow.providers.fab.auth_manager.models import Model, Role
    from sqlalchemy import create_engine
    from sqlalchemy.orm import Session

    server = postgres.uri.replace("postgres://", "postgresql://").removesuffix("/postgres")
    name = f"fab_{secrets.token_hex(4)}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    engine = create_engine(f"{server}/{name}".replace("postgresql:", "postgresql+psycopg:"))
    Model.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all(Role(name=role) for role in ROLES)
        session.commit()
    engine.dispose()
    yield f"{server}/{name}"


@pytest.fixture
def database(fab_template: str) -> Iterator[str]:
    """The address of a new copy."""
    server, _, template = fab_template.rpartition("/")
    name = f"roles_{secrets.token_hex(4)}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
    yield f"{server}/{name}".replace("postgresql:", "postgresql+psycopg:")
