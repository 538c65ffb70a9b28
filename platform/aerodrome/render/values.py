"""Values of manifests as code: times, assets, references, JSON."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from aerodrome import names
from aerodrome.render import code
from aerodrome.render.scope import Imports
from common_plugins.catalogue.base import Reference

SDK = "airflow.sdk"
_RESULT = "return_value"
_UNITS = (("days", 86400), ("hours", 3600), ("minutes", 60), ("seconds", 1))


def duration(imports: Imports, value: timedelta) -> code.Expression:
    """Return `timedelta(hours=1, minutes=30)`."""
    rest = int(value.total_seconds())
    keywords: dict[str, code.Expression] = {}
    for unit, seconds in _UNITS:
        count, rest = divmod(rest, seconds)
        if count:
            keywords[unit] = code.Literal(count)
    return code.Call(imports.use("datetime", "timedelta"), (), keywords or {"seconds": code.Literal(0)})


def moment(imports: Imports, value: datetime, timezone: str) -> code.Expression:
    """Return `datetime(2024, 1, 31, tzinfo=ZoneInfo("Europe/Berlin"))`, whatever the offset of *value*."""
    local = value if value.tzinfo is None else value.astimezone(ZoneInfo(timezone))
    parts = [local.year, local.month, local.day, local.hour, local.minute, local.second, local.microsecond]
    while len(parts) > 3 and not parts[-1]:
        parts.pop()
    keywords: dict[str, code.Expression] = {"fold": code.Literal(1)} if local.fold else {}
    keywords["tzinfo"] = code.Call(imports.use("zoneinfo", "ZoneInfo"), [code.Literal(timezone)])
    return code.Call(imports.use("datetime", "datetime"), [code.Literal(part) for part in parts], keywords)


def asset(imports: Imports, tenant: str, name: str) -> code.Expression:
    """Return `Asset("flights.daily")`."""
    return code.Call(imports.use(SDK, "Asset"), [code.Literal(names.asset(tenant, name))])


def parameter(value: Any, variables: Mapping[str, str]) -> code.Expression:
    """Return the *value* of an operator's parameter; references become the XCom of the task's variable."""
    if isinstance(value, str):
        return code.Literal(value)
    if isinstance(value, Reference):
        return _xcom(value, variables)
    if isinstance(value, Mapping):
        return code.DictOf({str(key): parameter(item, variables) for key, item in value.items()})
    if isinstance(value, list | tuple):
        return code.ListOf([parameter(item, variables) for item in value])
    return code.literal(value)


def referenced_tasks(value: Any) -> tuple[str, ...]:
    """Return the ids of the tasks whose XCom *value* reads, anywhere in it."""
    if isinstance(value, Reference):
        return (value.task,)
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return tuple(dict.fromkeys(task for item in value for task in referenced_tasks(item)))
    return ()


def _xcom(reference: Reference, variables: Mapping[str, str]) -> code.Expression:
    output = code.Name(f"{variables[reference.task]}.output")
    return output if reference.key == _RESULT else code.Item(output, reference.key)
