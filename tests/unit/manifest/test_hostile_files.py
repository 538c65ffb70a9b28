"""Files that want to hold the run, fill the memory or the screen."""

from __future__ import annotations

import gc
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

HEAD = "dag_id: daily\n"
CALL = "uses: python.call, with: {function: 'flights.jobs:clean'}"


@pytest.mark.parametrize(
    "text",
    [
        HEAD
        + "tasks:\n"
        + "".join(f"- {{id: t{n}, uses: flow.empty, needs: [zz{n}]}}\n" for n in range(5000)),
        HEAD + "tasks:\n" + "".join(f"- {{id: t{n}, uses: sql.qurey{n}}}\n" for n in range(5000)),
        HEAD + f"tasks: [{'1, ' * 40_000}1]\n",
        HEAD + f"schedule: {'x ' * 100_000}\ntasks: [{{id: a, uses: {'y' * 300_000}}}]\n",
        HEAD
        + "tasks:\n- {id: a, uses: sql.query, with: {connection: warehouse, sql: '"
        + "{{ dss }}" * 20_000
        + "'}}\n",
        HEAD + f"tags: [{'a, ' * 40_000}a]\ntasks: [{{id: a, uses: flow.empty}}]\n",
    ],
    ids=["needs", "uses", "shape", "long words", "templates", "tags"],
)
def test_thousands_of_mistakes_are_told_in_seconds_and_in_part(repository: Any, text: str) -> None:
    """At most a hundred are shown, and the last one says so."""
    started = time.process_time()
    found = repository.problems(text)
    assert time.process_time() - started < 10
    assert 1 <= len(found) <= 101
    assert max(map(len, found)) < 2000


def test_a_large_graph_without_mistakes_costs_what_its_parts_cost(repository: Any) -> None:
    """A chain of tasks, each reading from the one before: four times longer is four times dearer, not sixteen."""
    chain(repository, 50)
    short, long = (min(chain(repository, length) for _ in range(3)) for length in (1250, 5000))
    assert long < 9 * short


def chain(repository: Any, length: int) -> float:
    """Return the processor time, in seconds, that this thread spends on checking a chain of *length* tasks.

    What the tests before have left in memory is none of its work: the collector would walk through all of it.
    """
    tasks = "".join(
        f"- {{id: t{n}, {CALL[:-1]}, args: {{x: {{$x: t{n - 1}}}}}}}, needs: [t{n - 1}]}}\n"
        for n in range(1, length)
    )
    text = f"{HEAD}tasks:\n- {{id: t0, {CALL}}}\n{tasks}"
    gc.collect()
    gc.freeze()
    try:
        started = time.thread_time()
        assert repository.problems(text) == []
        return time.thread_time() - started
    finally:
        gc.unfreeze()


def test_no_control_character_of_a_file_reaches_the_terminal(repository: Any) -> None:
    """Escapes could hide the message."""
    found = repository.problems(f'{HEAD}"\\e[2Jx": 1\ntasks: [{{id: a, uses: "\\e]0;x"}}]\n')
    assert len(found) == 2
    assert all(text.replace("\n", "").isprintable() for text in found)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.sampled_from(["a", "daily", "{{ ds }}", "$x", "1h", "sql.query"]),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "dag_id",
                        "schedule",
                        "tasks",
                        "id",
                        "uses",
                        "with",
                        "needs",
                        "expand",
                        "$x",
                        "$f",
                        "params",
                        "environments",
                        "local",
                        "sql",
                    ]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_any_data_is_a_manifest_or_has_placed_mistakes(repository: Any, data: Any) -> None:
    """Whatever stands where: nothing is raised."""
    import json

    repository.problems(json.dumps(data), "any.json")
    repository.problems(
        json.dumps({"dag_id": "a", "tasks": [data, {"id": "b", "uses": "sql.query", "with": data}]}),
        "any.json",
    )
    repository.problems(
        json.dumps({"dag_id": "a", "tasks": data, "schedule": data, "params": data}), "any.json"
    )
    repository.write("tenants/flights/tenant.yaml", json.dumps({"owners": data, "environments": data}))
    repository.load()
