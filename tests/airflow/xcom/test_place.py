"""Keys of objects: nobody's key can be another's."""

from __future__ import annotations

import pytest
from aerodrome_airflow.xcom.place import Place, is_key, segment
from hypothesis import assume, given
from hypothesis import strategies as st

TEXTS = st.text(min_size=1, max_size=300)


@given(TEXTS, TEXTS)
def test_different_texts_give_different_parts(one: str, other: str) -> None:
    """No two run ids, tasks or keys share a place."""
    assume(one != other)
    assert segment(one) != segment(other)


@given(TEXTS, TEXTS, TEXTS)
def test_every_key_has_the_form_of_a_key(run: str, task: str, key: str) -> None:
    """Whatever a run, a task or a result is called, its key leads down and is short enough for S3."""
    made = Place("local", "alpha.daily", run, task, 7).new_key(key)
    assert is_key(made)
    assert made.startswith("local/alpha/daily/")
    assert len(made) < 1024


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/local/alpha/d/r/t/-1/k-" + "0" * 32,
        "local/alpha/../r/t/-1/k-" + "0" * 32,
        "local/alpha/./r/t/-1/k-" + "0" * 32,
        "local/alpha//r/t/-1/k-" + "0" * 32,
        "local/alpha/d/r/t/-1/more/k-" + "0" * 32,
        "local/alpha/d/r/t/-1/k",
        "s3://other/alpha/d/r/t/k-" + "0" * 32,
        "local/alpha/d/r/t/-1/k-" + "0" * 32 + "\n",
        "local/alph\u0430/d/r/t/-1/k-" + "0" * 32,
        "local/alpha\\beta/d/r/t/-1/k-" + "0" * 32,
    ],
)
def test_what_leads_elsewhere_is_no_key(text: str) -> None:
    """Absolute paths, steps up, other buckets, line ends and look-alikes are refused by their form."""
    assert not is_key(text)


def test_a_dag_that_is_no_tenants_has_no_place() -> None:
    """Its results would lie beside the tenants'."""
    with pytest.raises(ValueError, match="does not name"):
        _ = Place("local", "daily", "run", "task").prefix
