"""What prometheus/statsd_exporter 0.28 makes of StatsD text by its mappings; the chart uses only expressions."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

_PART = r"[a-zA-Z_][a-zA-Z0-9_-]*"
_GLOB = re.compile(rf"(\*|{_PART})(\.(\*|{_PART}))*")
_NAME = re.compile(r"([a-zA-Z_]|\$\{?\d+\}?)([a-zA-Z0-9_]|\$\{?\d+\}?)*")
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]+")
_GROUP = re.compile(r"\$\{(\d+)\}|\$(\d+)")
_KINDS = {"c": "counter", "g": "gauge", "ms": "summary"}
Rule = dict[str, Any]


@dataclass(frozen=True)
class Series:
    """What Prometheus reads: a metric's name, its labels without the empty ones, and its kind."""

    name: str
    labels: tuple[tuple[str, str], ...]
    kind: str

    def names(self) -> tuple[str, ...]:
        """Return the names that queries know it by: a summary has two of its own."""
        return (
            (self.name, f"{self.name}_sum", f"{self.name}_count") if self.kind == "summary" else (self.name,)
        )


class Exporter:
    """An exporter with a file of mappings; ValueError where the real one would not start with them."""

    def __init__(self, mappings: Iterable[Rule]) -> None:
        """Check *mappings* as the exporter does when it starts."""
        self._rules = list(mappings)
        for rule in self._rules:
            _check(rule)

    def series(self, line: str) -> Series | None:
        """Return what becomes of one line of StatsD, such as "airflow.ti_failures:1|c"; None where a rule drops it."""
        name, _, rest = line.partition(":")
        metric, *tags = name.split(",")
        labels = dict(tag.split("=", 1) for tag in tags)
        kind = _KINDS[rest.split("|")[1]]
        for rule in self._rules:
            if found := re.search(rule["match"], metric):
                return None if rule.get("action") == "drop" else _mapped(rule, found, labels, kind)
        return Series(re.sub(r"[^a-zA-Z0-9_]", "_", metric), _sorted(labels), kind)


def _mapped(rule: Rule, found: re.Match[str], labels: dict[str, str], kind: str) -> Series:
    own = {label: _filled(text, found) for label, text in rule.get("labels", {}).items()}
    return Series(_filled(rule["name"], found), _sorted(labels | own), kind)


def _filled(text: str, found: re.Match[str]) -> str:
    return _GROUP.sub(lambda group: found[int(group[1] or group[2])] or "", text)


def _sorted(labels: dict[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((name, value) for name, value in labels.items() if value))


def _check(rule: Rule) -> None:
    if rule.get("match_type") != "regex":
        if not _GLOB.fullmatch(rule["match"]):
            raise ValueError(f"invalid match: {rule['match']}")
        raise ValueError(f"{rule['match']}: only expressions are known here")
    re.compile(rule["match"])
    if not _NAME.fullmatch(rule.get("name", "")):
        raise ValueError(f"{rule['match']}: no name of a metric: {rule.get('name')!r}")
    if wrong := [label for label in rule.get("labels", {}) if not _LABEL.fullmatch(label)]:
        raise ValueError(f"invalid label key: {wrong[0]}")
