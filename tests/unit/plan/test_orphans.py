"""A plan says what it leaves of tenants and hosts that are gone, and takes nothing from them unasked."""

from __future__ import annotations

import json

import pytest
from aerodrome.errors import UserError
from aerodrome.plan import Change, Orphan, Plan, taken_away
from aerodrome.plan.page import page

ROLE = Change(
    "roles", "delete", "role gone.viewer", "no", "access", kind="role", name="gone.viewer", owner="gone"
)
QUEUE = Change("roles", "delete", "pool alpha.big", "no", "access", kind="pool", name="alpha.big")
FILES = Orphan(
    "gone", "files", "gone", "/homes/gone", "2026-01-31", "make remove-tenant TENANT=gone ENV=prod"
)
PLAN = Plan("prod", (ROLE, QUEUE), orphans=(FILES, *taken_away((ROLE, QUEUE), "prod")))


def test_what_was_a_gone_tenants_is_taken_away_only_with_its_name() -> None:
    """What a tenant of the repository no longer asks for needs none."""
    assert PLAN.destroys == ("gone",)
    assert list(taken_away(PLAN.changes, "prod")) == [
        Orphan("gone", "role", "gone.viewer", "roles", "", "make deploy ENV=prod CONFIRM=gone")
    ]


def test_a_plan_with_orphans_is_read_as_it_was_written() -> None:
    """In whatever order they were found: one hash."""
    found = Plan.from_json(PLAN.as_json(), "x", "y")
    assert set(found.orphans) == set(PLAN.orphans) and found.digest == PLAN.digest
    assert Plan("prod", PLAN.changes, orphans=PLAN.orphans[::-1]).as_json() == PLAN.as_json()


@pytest.mark.parametrize("row", [{}, {"owner": "gone"}, "gone", None])
def test_an_orphan_that_is_none_is_refused(row: object) -> None:
    """With the file and what to do."""
    document = json.loads(PLAN.as_json())
    document["orphans"].append(row)
    with pytest.raises(UserError, match=r"p\.json: no plan: its keys or values are others than those of one"):
        Plan.from_json(json.dumps(document), "p.json", "make plan")


def test_the_page_has_a_section_of_orphans() -> None:
    """Each with kind, name, place, day and remedy, before the changes; none where there is none."""
    lines = page(PLAN).splitlines()
    row = "| gone | files | gone | /homes/gone | 2026-01-31 | make remove-tenant TENANT=gone ENV=prod |"
    assert (
        lines.index("## Orphans: 2")
        < lines.index(row)
        < lines.index("| roles | delete | pool alpha.big | no | access | yes |")
    )
    assert "Orphans" not in page(Plan("prod", (QUEUE,)))
