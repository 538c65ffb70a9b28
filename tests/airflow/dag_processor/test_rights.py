"""Who may do what with a DAG: what its file declares, whatever was done to the database by hand."""

from __future__ import annotations

from typing import Any

import pytest

TEXT = """
from airflow.sdk import DAG
from common_plugins.operators.flow_empty import FlowEmptyOperator

with DAG("platform.{name}", schedule=None, access_control={access}):
    FlowEmptyOperator(task_id="nothing")
"""
VIEWERS = {"alpha.viewer": {"DAGs": {"can_read"}, "DAG Runs": {"can_read"}}}
EDITORS = {
    "alpha.viewer": {"DAGs": {"can_read"}},
    "alpha.editor": {"DAGs": {"can_read", "can_edit"}, "DAG Runs": {"can_create"}},
}
FIRST = {
    "declared": EDITORS,
    "changed": VIEWERS,
    "mended": VIEWERS,
    "extended": VIEWERS,
    "free": None,
    "unknown": {"gamma.viewer": {"DAGs": {"can_read"}}},
    "nonsense": {"alpha.viewer": {"DAGs": {"can_fly"}}},
}
SECOND = {"changed": EDITORS, "mended": VIEWERS, "extended": VIEWERS, "free": None}
RIGHT = """FROM ab_permission_view v JOIN ab_permission p ON p.id = v.permission_id
    JOIN ab_view_menu m ON m.id = v.view_menu_id JOIN ab_permission_view_role g ON g.permission_view_id = v.id
    JOIN ab_role r ON r.id = g.role_id"""
GRANT = """INSERT INTO ab_permission_view_role (id, permission_view_id, role_id)
    SELECT nextval('ab_permission_view_role_id_seq'), v.id, r.id
    FROM ab_permission_view v JOIN ab_view_menu m ON m.id = v.view_menu_id
    JOIN ab_permission p ON p.id = v.permission_id, ab_role r
    WHERE m.name = %s AND p.name = 'can_read' AND r.name = %s"""


@pytest.fixture(scope="module")
def published(processor: Any) -> Any:
    """The processor after two publishes with changes by hand in between."""
    processor.publish(
        platform={name: TEXT.format(name=name, access=access) for name, access in FIRST.items()}
    )
    processor.wait(lambda: len(processor.dags()) == 5 and len(processor.errors()) == 2)
    change_by_hand(processor)
    texts = {name: TEXT.format(name=name, access=access) + "# again\n" for name, access in SECOND.items()}
    before = processor.parsed("platform.free")
    processor.publish(platform=texts)
    processor.wait(lambda: processor.parsed("platform.free") > before)
    yield processor
    processor.publish(platform=dict.fromkeys(FIRST))
    processor.wait(lambda: not processor.dags())


def change_by_hand(processor: Any) -> None:
    """Take and give rights as somebody with access to the database could."""
    taken = "SELECT g.id " + RIGHT + " WHERE m.name = 'DAG:platform.mended'"
    processor.run(f"DELETE FROM ab_permission_view_role WHERE id IN ({taken})")
    for name, role in (("extended", "beta.viewer"), ("extended", "Admin"), ("free", "beta.viewer")):
        processor.run(GRANT, f"DAG:platform.{name}", role)


def rights(processor: Any, name: str) -> dict[str, dict[str, set[str]]]:
    """Return role → kind → actions on a DAG."""
    found: dict[str, dict[str, set[str]]] = {}
    rows = processor.query(
        "SELECT r.name, m.name, p.name " + RIGHT + " WHERE m.name LIKE %s", f"%:platform.{name}"
    )
    for role, resource, action in rows:
        kind = resource.partition(":")[0] + "s"
        found.setdefault(role, {}).setdefault(kind, set()).add(action)
    return found


def test_a_new_dag_has_the_rights_that_it_declares(published: Any) -> None:
    """Exactly these."""
    assert rights(published, "declared") == EDITORS


def test_a_dag_that_declares_others_loses_the_old(published: Any) -> None:
    """Viewers could see its runs before."""
    assert rights(published, "changed") == EDITORS


def test_rights_that_were_taken_by_hand_come_back(published: Any) -> None:
    """With the next parse."""
    assert rights(published, "mended") == VIEWERS


def test_rights_that_were_given_by_hand_go(published: Any) -> None:
    """But not those of FAB's own administrators."""
    assert rights(published, "extended") == {**VIEWERS, "Admin": {"DAGs": {"can_read"}}}


def test_a_dag_that_declares_nothing_is_left_alone(published: Any) -> None:
    """Its rights exist, and whoever has them keeps them."""
    assert rights(published, "free") == {"beta.viewer": {"DAGs": {"can_read"}}}


@pytest.mark.parametrize(("name", "said"), [("unknown", "gamma.viewer"), ("nonsense", "can_fly")])
def test_a_role_or_right_that_does_not_exist_is_an_error_of_its_file(
    published: Any, name: str, said: str
) -> None:
    """The others were stored beside it."""
    assert said in published.errors()[f"platform/{name}.py"]
    assert f"platform.{name}" not in published.dags()
