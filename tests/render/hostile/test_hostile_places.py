"""No text of a tenant, a manifest or an operator is left out of the tests with hostile texts."""

from __future__ import annotations

from typing import Any

import pytest
from aerodrome.manifest.dag import DagManifest
from aerodrome.manifest.tenant import TenantManifest
from hostile_documents import ELSEWHERE, FORMS, HERE, Form
from hostile_holes import holes
from hostile_schemas import unfilled
from hostile_texts import Draw, Pool
from hostile_views import expected

from common_plugins.catalogue import entries, entry

# Texts of which only some are allowed: a date, a zone, a name of something else.
CHOSEN_IN_DAGS = {
    "schedule", "timezone", "start_date", "end_date", "tasks[].uses", "tasks[].with.<key>",
    "tasks[].expand.<key>", "environments.<key>", "environments.<value>.schedule",
    "environments.<value>.timezone", "environments.<value>.start_date", "environments.<value>.end_date",
}  # fmt: skip
CHOSEN_IN_TENANTS = {"dependencies", "environments.<key>"}
CHOSEN_KINDS = {"connection", "variable", "dag", "function"}


def test_every_text_of_a_manifest_has_a_hole() -> None:
    """A new field with text makes this fail until it is filled, or named above."""
    found = unfilled(DagManifest.model_json_schema(), [form.dag for form in FORMS])
    assert {path.removeprefix(".") for path in found} == CHOSEN_IN_DAGS


def test_every_text_of_a_tenant_has_a_hole() -> None:
    """A new field with text makes this fail until it is filled, or named above."""
    found = unfilled(TenantManifest.model_json_schema(), [form.tenant for form in FORMS])
    assert {path.removeprefix(".") for path in found} == CHOSEN_IN_TENANTS


@pytest.mark.parametrize("mapped", [False, True])
@pytest.mark.parametrize("uses", sorted(entries()))
def test_every_text_of_an_operator_has_a_hole(uses: str, mapped: bool) -> None:
    """A new parameter with text makes this fail until it is filled; names of other things are none."""
    filled = [form.operators[uses] for form in FORMS if form.mapped is mapped and uses in form.operators]
    found = unfilled(entry(uses).model_json_schema(), filled)
    assert {entry(uses).kind_of(path.split(".")[1].removesuffix("[]")) for path in found} <= CHOSEN_KINDS


def _texts(value: Any) -> set[str]:
    items = [*value, *value.values()] if isinstance(value, dict) else value
    if isinstance(items, list | set):
        return {text for item in items for text in _texts(item)}
    return {value} if isinstance(value, str) else set()


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_every_hole_is_looked_at(form: Form) -> None:
    """What no test compares is without effect here: another environment's, overridden, or for the editor."""
    names = {hole.name for hole in {*holes(form.tenant), *holes(form.dag)}}
    compared = _texts(expected(form, Pool([Draw("", 0)], 0, {name: name for name in names})))
    overridden = {name.removesuffix(f".{HERE}") for name in names if name.endswith(f".{HERE}")}
    unseen = {name for name in names - compared if not name.endswith(f".{ELSEWHERE}")}
    assert unseen - overridden == {"dag.$schema", "tenant.$schema"} & names
