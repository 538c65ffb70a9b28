"""What a template may say. Templates are parsed, never compiled or run."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from aerodrome.errors import did_you_mean

# Airflow's names that exist only in runs that have a date: not in those that an asset's update starts.
DATES = frozenset(
    {
        "ds", "ds_nodash", "ts", "ts_nodash", "ts_nodash_with_tz", "logical_date",
        "data_interval_start", "data_interval_end",
        "prev_data_interval_start_success", "prev_data_interval_end_success",
    }
)  # fmt: skip
ALWAYS = frozenset(
    {"run_id", "try_number", "params", "prev_start_date_success", "prev_end_date_success", "macros"}
)
TENANT = "tenant"
# `{{ tenant.data }}` is the path of the tenant's data folder; every tenant has it.
PLATFORM_VALUES = frozenset({"data"})
NAMES = DATES | ALWAYS | {TENANT}
DATE_FILTERS = ("ds", "ds_nodash", "ts", "ts_nodash", "ts_nodash_with_tz")
MAX_LENGTH = 200_000

_OPENERS = ("{{", "{%", "{#")
# `{{ ds }}`, `{{ params.day }}`, `{{ ts | ds }}`: nearly all that manifests hold, and quicker to read so.
_SIMPLE = re.compile(
    r"(?<!\{)\{\{-?[ ]*([a-z_]+)(?:\.([a-z][a-z0-9_]*))?[ ]*"
    r"(?:\|[ ]*(?:ds|ds_nodash|ts|ts_nodash)[ ]*)?-?\}\}(?!\})"
)


@dataclass(frozen=True)
class Finding:
    """A mistake in line *line* (from 1) of a template; *snippet* is the word at fault, or ''."""

    line: int
    snippet: str
    message: str
    remedy: str = ""


@dataclass
class Uses:
    """What a template names, with lines, and what is wrong with it whoever the tenant is."""

    params: list[tuple[int, str]] = field(default_factory=list)
    values: list[tuple[int, str]] = field(default_factory=list)
    dates: list[tuple[int, str]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def is_template(text: str) -> bool:
    """Return whether *text* holds anything that is rendered."""
    return any(opener in text for opener in _OPENERS)


def mistakes(
    text: str, params: Collection[str], values: Collection[str] | None, *, dated: bool
) -> Iterator[Finding]:
    """Return what is wrong with the template *text*.

    *params* and *values* are the declared names (None: unknown); *dated*: runs of the DAG have a date.
    """
    uses = _uses(text)
    yield from uses.findings
    yield from _unknown("params", uses.params, params)
    if values is not None:
        yield from _unknown(TENANT, uses.values, {*values, *PLATFORM_VALUES})
    for line, name in () if dated else uses.dates:
        remedy = f"use run_id, or {{{{ {name} | default('…') }}}}"
        yield Finding(line, name, f"'{name}' does not exist in runs that assets start", remedy)


def _unknown(owner: str, used: Iterable[tuple[int, str]], declared: Collection[str]) -> Iterator[Finding]:
    for line, name in used:
        if name not in declared:
            hint = did_you_mean(name, declared) if declared else "the manifest declares no params"
            yield Finding(line, f"{owner}.{name}", f"unknown name '{owner}.{name}'", hint)


@lru_cache(maxsize=4096)
def _uses(text: str) -> Uses:
    if len(text) > MAX_LENGTH:
        return Uses(findings=[Finding(1, "", f"a template may have {MAX_LENGTH:,} characters")])
    simple = _simple_uses(text)
    if simple is not None:
        return simple
    # jinja2 costs 80 ms to import.
    from aerodrome.manifest.template_tree import read

    return read(text)


def _simple_uses(text: str) -> Uses | None:
    """Return what *text* names where it holds nothing but simple expressions, else None."""
    uses = Uses()
    position = 0
    for found in _SIMPLE.finditer(text):
        name, attribute = found[1], found[2]
        plain = (name in DATES and attribute is None) or (
            name in ("run_id", "try_number") and attribute is None
        )
        if is_template(text[position : found.start()]) or not (
            plain or (name in ("params", TENANT) and attribute)
        ):
            return None
        position = found.end()
        line = text.count("\n", 0, found.start()) + 1
        if name in DATES:
            uses.dates.append((line, name))
        elif attribute:
            (uses.params if name == "params" else uses.values).append((line, attribute))
    return None if is_template(text[position:]) else uses
