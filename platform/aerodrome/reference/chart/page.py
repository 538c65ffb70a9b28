"""The reference page of the chart's values."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

import yaml

from aerodrome.reference.chart.keys import Key, stands_for_many

_INTRODUCTION = """\
# Values of the chart

Every key of `helm/airflow/values.yaml`, as `helm/airflow/values.schema.json` checks it. Keys of one component begin
with its name. `*` stands for each element of a list or each name of a map; a type with a capital is what Kubernetes
calls so. A default of several lines stands in values.yaml.
"""
_LONGEST = 48
_Missing = object()


def values_page(keys: Iterable[Key], values: str) -> str:
    """Return the page with *keys*, and the defaults out of *values*, the text of values.yaml."""
    defaults = yaml.safe_load(values)
    sections: dict[str, list[Key]] = {}
    for key in keys:
        sections.setdefault(key.parts[0], []).append(key)
    order = {name: place for place, name in enumerate(defaults)}
    ordered = [sections[name] for name in sorted(sections, key=lambda name: order.get(name, len(order)))]
    single = [section[0] for section in ordered if len(section) == 1]
    texts = [_INTRODUCTION, _section("Single keys", single, defaults)]
    texts += [_section(f"`{section[0].path}`", section, defaults) for section in ordered if len(section) > 1]
    return "\n".join(texts)


def _section(title: str, keys: Sequence[Key], defaults: object) -> str:
    rows = "".join(_row(key, defaults) for key in keys)
    return f"## {title}\n\n| key | type | default | what it is |\n|---|---|---|---|\n{rows}"


def _row(key: Key, defaults: object) -> str:
    return (
        f"| `{_written(key)}` | {_escaped(key.type)} | {_default(key, defaults)} | {_escaped(key.about)} |\n"
    )


def _written(key: Key) -> str:
    return ".".join("*" if stands_for_many(part) else part for part in key.parts)


def _default(key: Key, defaults: object) -> str:
    value = defaults
    for part in key.parts:
        value = value.get(part, _Missing) if isinstance(value, dict) else _Missing
    if value is _Missing or (isinstance(value, dict) and value):
        return ""
    text = json.dumps(value, ensure_ascii=False)
    return f"`{_escaped(text)}`" if len(text) <= _LONGEST else "see values.yaml"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")
