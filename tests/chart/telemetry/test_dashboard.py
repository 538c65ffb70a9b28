"""The Grafana dashboard: every panel shows metrics that there are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Panel = dict[str, Any]
OF_THE_CLUSTER = {"container_memory_working_set_bytes"}


def queries(panel: Panel) -> list[str]:
    """Return what a panel asks; $tenant stands for a choice on the page."""
    return [target["expr"].replace("$tenant", ".*") for target in panel["targets"]]


def test_every_panel_reads_metrics_that_there_are(
    panels: list[Panel], selectors: Callable[[str], Any], emitted: set[str]
) -> None:
    """Of this release alone."""
    for panel in panels:
        for query in queries(panel):
            for one in selectors(query):
                assert one.name in emitted | OF_THE_CLUSTER, panel["title"]
                assert 'namespace="data"' in str(one.matchers), panel["title"]


def test_panels_do_not_lie_over_one_another(panels: list[Panel]) -> None:
    """Each has a place and a number of its own."""
    places = {(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels}
    assert len(places) == len({panel["id"] for panel in panels}) == len(panels) > 8


def test_grafanas_sidecar_finds_it_by_its_label(watched: list[dict[str, Any]]) -> None:
    """The label is what the sidecar is told to look for, unless the values say otherwise."""
    (found,) = [one for one in watched if one["metadata"]["name"] == "r-dashboard"]
    assert found["metadata"]["labels"]["grafana_dashboard"] == "1"
