"""values.yaml adds to what follows from the tenants, and contradicts none of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from aerodrome.errors import ProblemsFound
from aerodrome.kubernetes.values import merged
from hypothesis import given
from hypothesis import strategies as some

RENDERED = {"executor": "CeleryExecutor", "tenants": {"flights": {"zones": {"default": {}}}}, "list": [1]}
NESTED = some.recursive(
    some.integers() | some.text("ab", max_size=2) | some.lists(some.integers(), max_size=2),
    lambda inner: some.dictionaries(some.sampled_from("xyz"), inner, max_size=3),
    max_leaves=8,
)
MAPS = some.dictionaries(some.sampled_from("xyz"), NESTED, max_size=3)


def written(root: Path, text: str) -> Path:
    """Give the environment prod own values."""
    folder = root / "environments/prod"
    folder.mkdir(parents=True)
    (folder / "values.yaml").write_text(text, encoding="utf-8")
    return root


def test_an_environment_needs_no_values_of_its_own(tmp_path: Path) -> None:
    """What is rendered is all then."""
    assert merged(tmp_path, "prod", RENDERED) == RENDERED


def test_own_values_come_beside_what_is_rendered(tmp_path: Path) -> None:
    """At any depth; a null stays, with which Helm takes a default of the chart away."""
    own = "tenants: {flights: {egress: [1]}}\nstatsd: {enabled: false}\nkeda: ~\nexecutor: CeleryExecutor\n"
    made = merged(written(tmp_path, own), "prod", RENDERED)
    assert made["tenants"] == {"flights": {"zones": {"default": {}}, "egress": [1]}}
    assert (made["statsd"], made["keda"], made["executor"]) == ({"enabled": False}, None, "CeleryExecutor")


def test_what_contradicts_is_told_with_its_place(tmp_path: Path) -> None:
    """All of it at once; in the release alone it would take effect, and nowhere else."""
    own = "executor: LocalExecutor\ntenants:\n  flights:\n    zones: ~\nlist: [1, 2]\n"
    with pytest.raises(ProblemsFound) as found:
        merged(written(tmp_path, own), "prod", RENDERED)
    told = [f"{each.file}:{each.line}:{each.column}: {each.field}" for each in found.value.problems]
    file = "environments/prod/values.yaml"
    assert told == [f"{file}:1:1: executor", f"{file}:4:5: tenants.flights.zones", f"{file}:5:1: list"]
    assert found.value.problems[0].message == (
        "follows from environment.yaml and the tenants' folders, and this says otherwise"
    )


def test_a_list_is_no_values(tmp_path: Path) -> None:
    """Nor is anything else that has no keys."""
    with pytest.raises(ProblemsFound, match="is no mapping of the chart's values"):
        merged(written(tmp_path, "- 1\n"), "prod", RENDERED)


@given(MAPS, MAPS)
def test_nothing_that_is_rendered_is_lost(
    tmp_path_factory: pytest.TempPathFactory, rendered: dict[str, Any], own: dict[str, Any]
) -> None:
    """Whatever is added: every value of either is found where it stood, or the whole is refused."""
    import json

    root = written(tmp_path_factory.mktemp("r"), json.dumps(own))
    try:
        made = merged(root, "prod", rendered)
    except ProblemsFound:
        return
    for source in (rendered, own):
        assert contains(made, source)


def contains(whole: Any, part: Any) -> bool:
    """Return whether all of *part* is in *whole*."""
    if not isinstance(part, dict):
        return bool(whole == part)
    return isinstance(whole, dict) and all(key in whole and contains(whole[key], part[key]) for key in part)
