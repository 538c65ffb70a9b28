"""When a DAG runs: cron, presets, distances, assets, time zone, first and last day."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo

from aerodrome.errors import did_you_mean
from aerodrome.manifest.dag import AllAssets, AnyAsset, DagManifest
from aerodrome.manifest.draft import Draft
from aerodrome.source.shape import shown

PRESETS = ("@hourly", "@daily", "@weekly", "@monthly", "@quarterly", "@yearly", "@once", "@continuous")
_CRON = "a cron expression has five fields: minute hour day month weekday, such as '30 6 * * 1-5'"
# 29 February comes every four years, and not in 2100.
_YEARS = 9


def check_schedule(draft: Draft) -> None:
    """Report a schedule that never fires or that cannot be read."""
    schedule = draft.model.schedule
    if isinstance(schedule, str) and (mistake := _bad_text(schedule)):
        draft.report.at(("schedule",), *mistake)
    if schedule == "@continuous" and (draft.model.max_active_runs or 1) > 1:
        draft.report.at(("max_active_runs",), "must be 1 with schedule: '@continuous'")


def check_timezone(draft: Draft) -> None:
    """Report a time zone that does not exist, or that nothing is counted in."""
    model = draft.model
    if _zone(model.timezone) is None:
        draft.report.at(
            ("timezone",), f"unknown time zone {shown(model.timezone)}", did_you_mean_zone(model.timezone)
        )
    elif "timezone" in model.model_fields_set and not (_by_time(model) or model.start_date or model.end_date):
        draft.report.at(("timezone",), "has no effect without a schedule by time or a date", "remove it")


def check_dates(draft: Draft) -> None:
    """Report a missing first day, a last day before it, and settings without effect."""
    model = draft.model
    by_time = _by_time(model)
    if by_time and model.start_date is None and draft.report.data.get("start_date") is None:
        draft.report.at(
            ("schedule",), "a schedule by time needs start_date", "add start_date: 2024-01-31, the first day"
        )
    if model.catchup and not by_time:
        draft.report.at(("catchup",), "has no effect without a schedule by time", "remove it")
    if (
        model.start_date
        and model.end_date
        and _utc(model.end_date, model.timezone) <= _utc(model.start_date, model.timezone)
    ):
        draft.report.at(("end_date",), "must be after start_date")


def _by_time(model: DagManifest) -> bool:
    return model.schedule is not None and not isinstance(model.schedule, AllAssets | AnyAsset)


def _utc(moment: datetime, timezone: str) -> datetime:
    local = moment if moment.tzinfo else moment.replace(tzinfo=_zone(timezone) or UTC)
    return local.astimezone(UTC)


@cache
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def did_you_mean_zone(name: str) -> str:
    """Return the nearest time zone, or the form of their names."""
    from zoneinfo import available_timezones

    # The list of all would fill the screen.
    hint = did_you_mean(name, available_timezones())
    return hint if hint.startswith("did") else "write it as 'Europe/Berlin' or 'UTC'"


@cache
def _bad_text(text: str) -> tuple[str, str] | None:
    if text.startswith("@"):
        return None if text in PRESETS else (f"unknown preset {shown(text)}", did_you_mean(text, PRESETS))
    if len(text) > 200 or len(text.split()) != 5:
        return f"not a cron expression: {shown(text)}", _CRON
    # croniter costs 60 ms to import; a repository with presets only does not need it.
    from croniter import CroniterBadDateError, CroniterError, croniter

    try:
        croniter(text, datetime(2024, 1, 1), max_years_between_matches=_YEARS).get_next()
    except CroniterBadDateError:
        return f"{shown(text)} never fires", "there is no such date"
    except (CroniterError, ValueError, KeyError, AttributeError, TypeError, IndexError):
        return f"not a cron expression: {shown(text)}", _CRON
    return None
