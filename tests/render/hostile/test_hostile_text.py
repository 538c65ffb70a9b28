"""Whatever stands in the texts of a tenant and its manifest: one structure, and every text as it was written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hostile_documents import Form
from hostile_holes import Hole, holes, is_acceptable
from hostile_texts import POOLS, UNSTORABLE, holds_opener, texts
from hostile_trial import EXAMPLES, FORM, WRITER, Trial, examples
from hypothesis import given
from hypothesis import strategies as st

ODD = EXAMPLES // 4
FROM_DISK = EXAMPLES // 20


@pytest.fixture
def trial(place_of_work: Any, record_property: Any) -> Iterator[Trial]:
    """Runs examples; the report of the tests says of how many the texts were compared."""
    made = Trial(place_of_work)
    yield made
    record_property("compared", made.compared)


def test_hostile_text_changes_nothing_and_arrives_unaltered(trial: Trial) -> None:
    """Through YAML and JSON, loader, policy, renderer and Python, text stays text, in every example."""

    @examples(EXAMPLES)
    @given(POOLS, FORM, WRITER)
    def text_arrives(pool: Any, form: Form, writer: str) -> None:
        assert trial.run(form, pool, writer) == ()

    text_arrives()
    assert trial.compared >= EXAMPLES


def test_airflow_reads_the_same_from_disk_and_stores_it(trial: Trial) -> None:
    """DagBag imports the file with the policy on; the scheduler's DAG and a run's params have the same texts."""

    @examples(FROM_DISK)
    @given(POOLS, FORM, WRITER)
    def text_arrives(pool: Any, form: Form, writer: str) -> None:
        assert trial.run(form, pool, writer, bag=True) == ()

    text_arrives()
    assert trial.compared >= FROM_DISK


def test_text_that_cannot_be_kept_is_refused_and_nothing_else(trial: Trial) -> None:
    """One place gets any text at all: the mistake that the reference lists, or the same structure and texts."""

    @examples(ODD)
    @given(POOLS, FORM, WRITER, st.integers(0, 9999), texts(*UNSTORABLE))
    def text_is_kept_or_refused(pool: Any, form: Form, writer: str, number: int, text: str) -> None:
        hole = chosen(form, number)
        # What Jinja makes of such a text is Jinja's; that it is refused or changes no structure is ours.
        template = hole.what.startswith(("template", "choice")) and holds_opener(text)
        refused = trial.run(form, replace(pool, fixed={hole.name: text}), writer, compare=not template)
        assert template or bool(refused) != is_acceptable(hole, text), (hole, text, refused)

    text_is_kept_or_refused()
    assert trial.compared >= ODD * 0.6


def chosen(form: Form, number: int) -> Hole:
    """Return a hole of *form*; every third time, each kind of hole is as likely as the others."""
    places = sorted({*holes(form.tenant), *holes(form.dag)}, key=lambda hole: hole.name)
    if number % 3 == 2:
        kinds = sorted({hole.what for hole in places})
        places = [hole for hole in places if hole.what == kinds[number // 3 % len(kinds)]]
    return places[number // 3 % len(places)]
