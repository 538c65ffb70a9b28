"""The chart's schema and the page of its values, from helm/schema: every key with its type and what it is for."""

from __future__ import annotations

from pathlib import Path

from aerodrome.reference.chart.keys import read_keys
from aerodrome.reference.chart.page import values_page
from aerodrome.reference.chart.schema import values_schema

__all__ = ["read_keys", "values_page", "values_schema"]

SOURCE = "helm/schema"
SCHEMA = "helm/airflow/values.schema.json"
VALUES = "helm/airflow/values.yaml"
TOP = "helm/airflow/files/top-level-keys.txt"
"""What the templates compare the values' keys with: Helm shows them no schema."""


def chart_pages(root: Path) -> dict[str, str]:
    """Return path → text of what is generated for the chart in the repository *root*; nothing without a chart."""
    if not (root / SOURCE).is_dir():
        return {}
    keys = read_keys(root / SOURCE)
    return {
        TOP: "".join(f"{name}\n" for name in sorted({key.parts[0] for key in keys})),
        SCHEMA: values_schema(keys, (root / SOURCE / "kubernetes.json").read_text(encoding="utf-8")),
        "docs/reference/chart-values.md": values_page(keys, (root / VALUES).read_text(encoding="utf-8")),
    }
