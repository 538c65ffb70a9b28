"""What status and deploy say of limits: which hold for a whole task, and which for single processes only."""

from __future__ import annotations

import json

from aerodrome.local.machine.ownership import ensure_folder
from aerodrome.local.machine.platform import Platform
from aerodrome.local.processes import task_limits

ALL = {"memory": 1, "pids": 1, "cpu": 1}


def said(platform: Platform, zone: str, enforced: dict[str, int], **missing: str) -> None:
    """Write what the launcher of *zone* writes when it starts."""
    file = platform.layout.launcher_limits(zone)
    ensure_folder(platform.layout.run, 0o700)
    ensure_folder(file.parent, 0o700)
    file.write_text(json.dumps({"enforced": enforced, "missing": missing}))


def test_where_no_launcher_ran_there_is_nothing_to_say(platform: Platform) -> None:
    """Nor where its word cannot be read."""
    assert task_limits.told(platform) == ()
    said(platform, "default", ALL)
    platform.layout.launcher_limits("default").write_text("{")
    assert task_limits.told(platform) == ()


def test_zones_that_agree_share_a_sentence(platform: Platform) -> None:
    """All limits by cgroups."""
    for zone in platform.zones:
        said(platform, zone, ALL)
    (sentence,) = task_limits.told(platform)
    assert sentence == (
        "Limits of a task hold for all of its processes together, by cgroups: memory, processes, processor time."
    )


def test_what_cgroups_do_not_hold_is_told_with_its_reason(platform: Platform) -> None:
    """For each zone that differs."""
    said(platform, "default", {"memory": 1}, pids="no such controller", cpu="no such controller")
    said(platform, "pii", {}, **dict.fromkeys(ALL, "the launcher is not root"))
    some, none = task_limits.told(platform)
    assert some == (
        "zone default: Limits of tasks are held by cgroups: memory; only by rlimits: processes are counted over all "
        "tasks of a tenant, processor time is limited to a number of processors (no such controller)."
    )
    assert none.startswith(
        "zone pii: Limits of tasks are held only by rlimits: memory holds for each process"
    )
    assert none.endswith("(the launcher is not root).")
