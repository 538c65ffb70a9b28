"""A DAG that the database does not take keeps no other out, and comes back by itself when it can be stored."""

from __future__ import annotations

from typing import Any

import pytest

REFUSE = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION 'not now' USING ERRCODE = 'serialization_failure';
END $$;
CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON dag FOR EACH ROW WHEN (NEW.dag_id = 'alpha.late')
    EXECUTE FUNCTION refuse();
"""
NAMES = ("one", "two", "null", "late")


@pytest.fixture(scope="module")
def published(processor: Any) -> Any:
    """The processor with four DAGs in one file each: one that never fits, one that does not now."""
    processor.run(REFUSE)
    texts = {name: processor.text("alpha", name) for name in NAMES}
    texts["null"] = texts["null"].replace("schedule=None,", 'schedule=None, description="a\\0b",')
    processor.publish(alpha=texts)
    processor.wait(lambda: len(processor.dags()) == 2 and bool(processor.errors()))
    yield processor
    processor.publish(alpha=dict.fromkeys(NAMES))
    processor.wait(lambda: not processor.dags())


def test_others_are_stored_one_by_one(published: Any) -> None:
    """Each in a transaction of its own."""
    assert published.dags() == {"alpha.one", "alpha.two"}


def test_what_never_fits_is_told(published: Any) -> None:
    """PostgreSQL has no text with a zero byte."""
    errors = published.errors()
    assert list(errors) == ["alpha/null.py"]
    assert errors["alpha/null.py"] == (
        "alpha/null.py: the DAG was read, but the database does not take it: "
        "(psycopg.DataError) PostgreSQL text fields cannot contain NUL (0x00) bytes"
    )


def test_what_did_not_fit_for_a_while_comes_back(published: Any) -> None:
    """Without a publish: its file is parsed again after a while."""
    published.run("DROP TRIGGER refuse ON dag; DROP FUNCTION refuse")
    published.wait(lambda: "alpha.late" in published.dags())
    assert "alpha.late" in published.dags()
