"""A plan as the comment of a merge request: the summary first, nobody's text obeyed, never too long."""

from __future__ import annotations

from dataclasses import replace

import pytest
from aerodrome.plan import Change, Plan
from aerodrome.plan.page import LARGEST, cell, page

CHANGES = (
    Change("release", "restart", "process scheduler", "its configuration changed", "restarts"),
    Change(
        "bundle",
        "update",
        "DAG a.b",
        "tenants/a/dags/b.yaml",
        source="tenants/a/dags/b.yaml:3",
    ),
    Change(
        "bundle", "delete", "limits of gone", "its manifest is gone", "data", reversible=False, name="gone"
    ),
)


def test_the_summary_by_target_and_risk_stands_before_the_changes() -> None:
    """With the whole hash, the commit, and what is lost."""
    plan = Plan("prod", CHANGES, "c0ffee-changed")
    lines = page(plan, ["host h1: does not answer"]).splitlines()
    assert (
        lines[0] == "# Plan for prod: 3 changes" and lines[2] == f"`{plan.digest}` at commit c0ffee-changed"
    )
    assert "goes: gone.**" in lines[4]
    assert lines.index("| release |  | 1 |  |  |  |") < lines.index("| bundle | 1 |  | 1 |  | 1 |")
    assert "- host h1: does not answer" in lines
    assert lines[-2:] == [
        "| bundle | update | DAG a.b | tenants/a/dags/b.yaml:3 | none | yes |",
        "| bundle | delete | limits of gone | its manifest is gone | data | **no** |",
    ]


def test_who_stays_as_deployed_is_said_before_the_changes() -> None:
    """Also where there is none; why stands among the notes."""
    for changes in (CHANGES, ()):
        told = page(
            Plan("prod", changes, staying=("flights", "a_b")), ["tenants/flights/tenant.yaml: broken"]
        )
        head, _, rest = told.partition("**Stays as it was deployed: flights, a\\_b.**")
        assert "| target |" not in head and "- tenants/flights/tenant.yaml: broken" in rest


def test_nothing_to_change_is_said() -> None:
    """Without an empty table."""
    assert page(Plan("prod", ())).startswith("# Plan for prod: nothing to change\n") and "|" not in page(
        Plan("prod", ())
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a | b", r"a \| b"),
        (r"a \| b", r"a \\\| b"),
        ("`rm`", r"\`rm\`"),
        ("two\n\nlines\tand tabs", "two lines and tabs"),
        ("red \x1b[31m", r"red \\x1b\[31m"),
        ("<img src=x>", r"\<img src=x\>"),
        ("[x](y) *b* _i_ #1 !2 ~s~ &amp; $m$", r"\[x\](y) \*b\* \_i\_ \#1 \!2 \~s\~ \&amp; \$m\$"),
        ("@all", "@\u2060all"),
        ("https://x.org", "https:\u2060//x.org"),
        ("\u202eturned", r"\\u202eturned"),
    ],
)
def test_text_of_others_is_shown_and_not_obeyed(text: str, shown: str) -> None:
    """No cell ends early, nothing is marked up, nobody is called."""
    assert cell(text) == shown


@pytest.mark.parametrize("text", ["x", "|" * 5000, "@" * 5000, "\x07" * 5000])
def test_a_page_is_never_too_long(text: str) -> None:
    """What does not fit is counted; a word of any length is cut."""
    many = tuple(replace(CHANGES[0], what=f"{number} {text}") for number in range(3000))
    made = page(Plan("prod", many), [text] * 3000)
    shown = made.count("| release | restart |")
    assert LARGEST / 2 < len(made) <= LARGEST and f"… and {3000 - shown} more" in made and 0 < shown < 3000
