"""Text without a template arrives byte for byte; text with one is rendered by Airflow."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

DELIMITERS = ("{{", "{%", "{#")
PLAIN = st.text(max_size=60).filter(lambda text: not any(one in text for one in DELIMITERS))


@pytest.mark.parametrize(
    "text", ["a\r\nb\n", "x.sql", "x.sh\n\n", "}} %} #}", "{ {", "\ufeff\u2028\0", "$ { '\" \\"]
)
def test_plain_text_is_untouched(dag: Any, operators: Any, text: str) -> None:
    """Line ends, file names and half delimiters too."""
    task = operators("python.call")(
        task_id="t", function="a:b", args={"x": [text, {"y": text}]}, env={"z": text}
    )
    task.render_template_fields({"ti": None})
    assert task.args == {"x": [text, {"y": text}]}
    assert task.env == {"z": text}


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.recursive(
        PLAIN | st.integers() | st.none(),
        lambda one: st.lists(one, max_size=3) | st.dictionaries(PLAIN, one, max_size=3),
    )
)
def test_any_plain_json_is_untouched(operators: Any, value: Any) -> None:
    """Whatever JSON holds no template comes out as it went in."""
    task = operators("python.call")(task_id="t", function="a:b", args={"x": value})
    task.render_template_fields({"ti": None})
    assert task.args == {"x": value}


def test_templates_are_rendered_in_any_depth(dag: Any, operators: Any) -> None:
    """In texts, lists, objects and tuples."""
    checks = ({"name": "n", "sql": "SELECT '{{ ds }}'", "equals": "{{ ds }}"},)
    task = operators("sql.check")(task_id="t", connection="db", checks=checks)
    task.render_template_fields({"ds": "2024-01-31"})
    assert task.checks == ({"name": "n", "sql": "SELECT '2024-01-31'", "equals": "2024-01-31"},)


def test_result_of_an_upstream_task_is_not_rendered(dag: Any, operators: Any) -> None:
    """A value that looks like a template is a value."""

    class Resolved:
        def resolve(self, context: Any) -> str:
            return "{{ ds }}"

    task = operators("python.call")(task_id="t", function="a:b")
    task.args = {"x": Resolved()}
    task.render_template_fields({"ds": "2024-01-31"})
    assert task.args == {"x": "{{ ds }}"}
