"""What a file could add to its templates: a rendered one adds the tenant's own values and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

VALUES = 'TenantValues("flights", {"region": "eu", "items": 3})'
KEYWORDS = '"keep_trailing_newline": True'
FIRST = "load = SqlQueryOperator("


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        (VALUES, '__import__("os")', "user_defined_macros"),
        (VALUES, 'TenantValues("payments", {})', "user_defined_macros"),
        (VALUES, 'type("X", (TenantValues,), {})("flights", {})', "user_defined_macros"),
        (VALUES, VALUES + ', "ds": print', "user_defined_macros"),
        (KEYWORDS, '"extensions": ["jinja2.ext.debug"]', "jinja_environment_kwargs"),
        (KEYWORDS, KEYWORDS + ', "finalize": print', "jinja_environment_kwargs"),
        (FIRST, "wait.start_from_trigger = True\n    " + FIRST, "start_from_trigger"),
    ],
)
def test_templates_of_a_file_see_no_more_than_a_rendered_ones(
    golden: Path, bag_of: Any, old: str, new: str, name: str
) -> None:
    """The policy in Airflow refuses the file."""
    text = (golden / "daily.py").read_text()
    assert old in text
    bag = bag_of(text.replace(old, new))
    assert not bag.dags
    assert f"'{name}' of a " in "\n".join(bag.import_errors.values())


def test_file_without_templates_values_is_no_worse(golden: Path, bag_of: Any) -> None:
    """Airflow's defaults add nothing."""
    bag = bag_of((golden / "daily.py").read_text().replace(f'"tenant": {VALUES}', "").replace(KEYWORDS, ""))
    assert bag.import_errors == {}
