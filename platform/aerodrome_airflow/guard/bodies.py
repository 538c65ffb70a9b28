"""Bodies of requests that name things: what a task reports at its end, and what it waits for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from aerodrome_airflow.guard.rules import OTHER_TENANT, Caller, owned

# Results of tasks do not come this way; a report of more bytes is none of an operator of this platform.
LARGEST = 4 * 1024 * 1024
# The triggerer imports and runs the class that a task names.
TRIGGERS = ("common_plugins.triggers.",)
# Names and addresses, those of IPv6 too, which hold no path, port or credentials after a name.
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,252}[A-Za-z0-9])?|[0-9A-Fa-f:]{2,45}")
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]{0,252}\$?")
_REFERENCES = frozenset({"Asset", "AssetNameRef", "AssetUriRef"})


def refusal(caller: Caller, body: bytes) -> str:
    """Return why a task may not report *body* as its state, or an empty text."""
    report = _object(body)
    if report is None:
        return "the report is no JSON object"
    return _outlets(caller, report) or _events(caller, report) or _waits(caller, report)


def start_refusal(_caller: Caller, body: bytes) -> str:
    """Return why a task may not report *body* as where it runs, or an empty text.

    Airflow makes addresses of the name of the host: it is a name, and no part of an address.
    """
    report = _object(body)
    if report is None:
        return "the report is no JSON object"
    host, user, pid = (report.get(key) for key in ("hostname", "unixname", "pid"))
    if not isinstance(host, str) or not _HOST.fullmatch(host):
        return "the host has no plain name"
    if not isinstance(user, str) or not _USER.fullmatch(user):
        return "the user has no plain name"
    return "" if type(pid) is int and pid > 0 else "the process has no number"


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        report = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return report if isinstance(report, dict) else None


def _outlets(caller: Caller, report: Mapping[str, Any]) -> str:
    outlets = report.get("task_outlets") or []
    if not isinstance(outlets, list) or not all(isinstance(outlet, dict) for outlet in outlets):
        return "task_outlets is no list of assets"
    if any(outlet.get("type") not in _REFERENCES for outlet in outlets):
        return "assets under other names are not used here"
    return _own_names(caller, (outlet.get(key) for outlet in outlets for key in ("name", "uri")))


def _events(caller: Caller, report: Mapping[str, Any]) -> str:
    events = report.get("outlet_events") or []
    if not isinstance(events, list) or not all(isinstance(event, dict) for event in events):
        return "outlet_events is no list of events"
    keys = [event.get("dest_asset_key") for event in events]
    if any("source_alias_name" in event for event in events) or not all(
        isinstance(key, dict) for key in keys
    ):
        return "an event names no asset"
    return _own_names(caller, (value for key in keys for value in key.values()))


def _own_names(caller: Caller, found: Iterable[Any]) -> str:
    given = [name for name in found if name is not None]
    return "" if all(owned(caller.tenant, name) for name in given) else OTHER_TENANT


def _waits(caller: Caller, report: Mapping[str, Any]) -> str:
    if report.get("state") != "deferred":
        return ""
    if not str(report.get("classpath")).startswith(TRIGGERS):
        return "the triggerer runs the platform's own triggers only"
    arguments = report.get("trigger_kwargs") or {}
    if not isinstance(arguments, dict):
        return "the trigger's arguments cannot be read"
    tenants = list(_values(arguments, "tenant"))
    return "" if all(tenant == caller.tenant for tenant in tenants) else OTHER_TENANT


def _values(value: Any, key: str) -> Iterable[Any]:
    """Yield what stands under *key* anywhere in *value*: Airflow wraps arguments in objects of its own."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == key:
                yield inner
            else:
                yield from _values(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from _values(inner, key)
