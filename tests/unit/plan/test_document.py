"""A plan's file is read only as it was written."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from aerodrome.errors import UserError
from aerodrome.plan import Change, Plan

PLAN = Plan(
    "prod",
    (
        Change(
            "bundle", "update", "DAG a.b", "naïve \udcff name", source="tenants/a/dags/b.yaml:3", after="2f"
        ),
        Change(
            "release", "delete", "namespace team", "its tenant is gone", "data", reversible=False, name="team"
        ),
    ),
    "c0ffee",
    {"environment": "1f"},
    staying=("payments",),
)
TEXT = PLAN.as_json()


def refused(text: str) -> str:
    """Return what is said of a plan's file that holds *text*."""
    with pytest.raises(UserError) as error:
        Plan.from_json(text, "plans/plan.json", "make plan ENV=prod makes a new one")
    return str(error.value)


def changed(change: Callable[[dict[str, Any]], object]) -> str:
    """Return the plan's file with its document changed, and a digest that is right for it where one can be made."""
    document = json.loads(TEXT)
    change(document)
    return json.dumps(document, sort_keys=True, indent=1, ensure_ascii=False) + "\n"


def test_what_was_written_is_read() -> None:
    """Also a name that is no text, without which nobody could deploy."""
    found = Plan.from_json(TEXT, "x", "y")
    assert set(found.changes) == set(PLAN.changes) and found.as_json() == TEXT
    assert (found.environment, found.commit, found.desired) == (PLAN.environment, PLAN.commit, PLAN.desired)
    assert found.staying == PLAN.staying


@pytest.mark.parametrize("end", [0, 1, 40, len(TEXT) // 2, len(TEXT) - 2])
def test_a_plan_that_was_cut_off_is_refused(end: int) -> None:
    """With file, reason and what to do."""
    assert refused(TEXT[:end]) == (
        "plans/plan.json: no plan, or one that was cut off: it is not JSON\n    make plan ENV=prod makes a new one"
    )


@pytest.mark.parametrize(
    "text",
    [
        TEXT.replace("DAG a.b", "DAG a.c"),
        TEXT.replace('"reversible": false', '"reversible": true'),
        TEXT.replace("prod", "test"),
        TEXT.replace('"commit"', '"commit": "x",\n "commit"'),
        TEXT.replace("\n", "\r\n"),
        TEXT + "\n",
        changed(lambda plan: plan["changes"].pop()),
        changed(lambda plan: plan["changes"].reverse()),
        changed(lambda plan: plan.update(digest="0" * 64)),
    ],
)
def test_a_plan_that_was_edited_is_refused(text: str) -> None:
    """By one sign, by one change less."""
    assert text != TEXT and "plans/plan.json: the plan was edited: its digest is not" in refused(text)


@pytest.mark.parametrize(
    "change",
    [
        lambda plan: plan.pop("desired"),
        lambda plan: plan.update(more=1),
        lambda plan: plan.update(desired=[]),
        lambda plan: plan.update(desired={"environment": 1}),
        lambda plan: plan.update(commit=None),
        lambda plan: plan.update(changes={}),
        lambda plan: plan.update(staying="payments"),
        lambda plan: plan.update(staying=[1]),
        lambda plan: plan["changes"].append("x"),
        lambda plan: plan["changes"][0].pop("why"),
        lambda plan: plan["changes"][0].update(what=1),
        lambda plan: plan["changes"][0].update(action="burn"),
        lambda plan: plan["changes"][0].update(reversible="yes"),
        lambda plan: plan["changes"][0].update(risk=[]),
    ],
)
def test_what_is_no_plan_is_refused(change: Callable[[dict[str, Any]], object]) -> None:
    """A key that lacks or is one too many, a value of another type."""
    assert "plans/plan.json: no plan: its keys or values are others than those of one" in refused(
        changed(change)
    )


@pytest.mark.parametrize("text", ["[]", "1", "{}", "[" * 100_000, "\ufffd"])
def test_another_document_is_refused(text: str) -> None:
    """Whatever it is."""
    assert "plans/plan.json: no plan" in refused(text)


def test_a_plan_of_a_newer_version_says_so() -> None:
    """Whatever else it holds: it cannot be known."""
    told = refused('{"format": 4, "steps": []}')
    assert "a newer version wrote this plan (format 4, and this one reads 3)" in told
    assert "apply it with the commit that made it, or: make plan ENV=prod makes a new one" in told
