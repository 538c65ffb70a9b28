"""How the launchers enforce the limits of tasks on this machine, in sentences for `status` and `deploy`."""

from __future__ import annotations

import json
from collections.abc import Mapping

from aerodrome.local.machine.platform import Platform

_LIMITS = {"memory": "memory", "pids": "processes", "cpu": "processor time"}
# What is left of each limit without cgroups.
_WITHOUT = {
    "memory": "memory holds for each process of a task by itself",
    "pids": "processes are counted over all tasks of a tenant",
    "cpu": "processor time is limited to a number of processors",
}


def told(platform: Platform) -> tuple[str, ...]:
    """Return how limits hold in each zone whose launcher has said so; zones that agree share a sentence."""
    zones: dict[str, list[str]] = {}
    for zone in platform.zones:
        if found := _said(platform, zone):
            zones.setdefault(_sentence(found), []).append(zone)
    if len(zones) == 1:
        return tuple(zones)
    return tuple(f"zone {', '.join(names)}: {text}" for text, names in zones.items())


def _said(platform: Platform, zone: str) -> Mapping[str, Mapping[str, object]] | None:
    try:
        found: dict[str, dict[str, object]] = json.loads(
            platform.layout.launcher_limits(zone).read_text(encoding="utf-8")
        )
    except (OSError, ValueError):
        return None
    return found


def _sentence(said: Mapping[str, Mapping[str, object]]) -> str:
    enforced = ", ".join(_LIMITS[name] for name in said["enforced"])
    if not said["missing"]:
        return f"Limits of a task hold for all of its processes together, by cgroups: {enforced}."
    held = f"by cgroups: {enforced}; " if enforced else ""
    missing = ", ".join(_WITHOUT[name] for name in said["missing"])
    reasons = "; ".join(sorted({str(reason) for reason in said["missing"].values()}))
    return f"Limits of tasks are held {held}only by rlimits: {missing} ({reasons})."
