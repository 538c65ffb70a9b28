"""A connection of AWS that names a role and has no key: which role that is, and the connection with keys of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from aerodrome_airflow.secrets.protocol import Answer

_TYPE, _EXTRA, _ROLE = "aws", "extra", "role_arn"
_REMEDY = "; run the task again when that is mended"


def role_of(value: Mapping[str, Any] | None) -> str:
    """Return the role that the connection *value* is to be used as; empty where it says none, or has its own key."""
    if value is None or value.get("conn_type") != _TYPE or value.get("login") or value.get("password"):
        return ""
    return str(_extra(value).get(_ROLE) or "")


def with_keys(found: Answer, keys: Answer) -> Answer:
    """Return the connection *found* with *keys* in the place of its role, or why there are none."""
    if keys.outcome == "unavailable":
        return replace(keys, reason=f"{keys.reason}{_REMEDY}")
    if keys.value is None or found.value is None:
        return keys
    extra = {name: part for name, part in _extra(found.value).items() if name != _ROLE}
    value = {
        **found.value,
        "login": keys.value["access_key"],
        "password": keys.value["secret_key"],
        _EXTRA: {**extra, "aws_session_token": keys.value["token"]},
    }
    return replace(found, value=value)


def _extra(value: Mapping[str, Any]) -> Mapping[str, Any]:
    extra = value.get(_EXTRA)
    try:
        found = json.loads(extra) if isinstance(extra, str) else extra
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, Mapping) else {}
