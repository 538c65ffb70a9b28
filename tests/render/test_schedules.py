"""When runs start: what the scheduler's own timetable says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

BERLIN = {"schedule": '"0 6 * * *"', "timezone": "Europe/Berlin"}


def starts(dag: Any, first: datetime, last: datetime) -> list[datetime]:
    """Return the moments between *first* and *last*, in UTC, at which the scheduler starts a run of *dag*."""
    return [info.run_after.astimezone(UTC) for info in dag.iter_dagrun_infos_between(first, last)]


def test_cron_keeps_the_wall_clock_when_the_clocks_change(scheduled: Any) -> None:
    """Six o'clock in Berlin on both days: another hour in UTC since 31 March 2024."""
    dag = scheduled(start_date='"2024-03-01"', **BERLIN)
    found = starts(dag, datetime(2024, 3, 30, tzinfo=UTC), datetime(2024, 3, 31, 23, tzinfo=UTC))
    assert [moment.isoformat() for moment in found] == [
        "2024-03-30T05:00:00+00:00",
        "2024-03-31T04:00:00+00:00",
    ]
    assert [moment.astimezone(ZoneInfo("Europe/Berlin")).hour for moment in found] == [6, 6]


def test_without_a_timezone_cron_is_utc(scheduled: Any) -> None:
    """The clocks never change there."""
    dag = scheduled(start_date='"2024-03-01"', schedule=BERLIN["schedule"])
    found = starts(dag, datetime(2024, 3, 30, tzinfo=UTC), datetime(2024, 3, 31, 23, tzinfo=UTC))
    assert [moment.hour for moment in found] == [6, 6]


def test_start_date_lies_in_the_timezone(scheduled: Any) -> None:
    """Midnight in Berlin: the run of that day is the first."""
    dag = scheduled(start_date='"2024-01-31"', catchup="true", **BERLIN)
    first = dag.next_dagrun_info(last_automated_run_info=None)
    assert first.run_after.isoformat() == "2024-01-31T05:00:00+00:00"


def test_end_date_is_the_last_day(scheduled: Any) -> None:
    """Midnight in Berlin again: no run starts after it."""
    dag = scheduled(start_date='"2024-01-30"', end_date='"2024-02-01"', catchup="true", **BERLIN)
    last, days = None, []
    while last := dag.next_dagrun_info(last_automated_run_info=last):
        days.append(last.run_after.day)
    assert days == [30, 31]


def test_catchup_begins_at_the_first_day_and_its_absence_at_the_last(scheduled: Any) -> None:
    """Of the runs that were missed: all, or only the most recent one."""
    fields = {"start_date": '"2024-01-31"', **BERLIN}
    missed = scheduled(catchup="true", **fields).next_dagrun_info(last_automated_run_info=None)
    recent = scheduled(catchup="false", **fields).next_dagrun_info(last_automated_run_info=None)
    assert missed.run_after == datetime(2024, 1, 31, 5, tzinfo=UTC)
    assert timedelta(0) <= datetime.now(UTC) - recent.run_after <= timedelta(days=1, hours=1)


def test_catchup_goes_on_with_the_next_run_and_its_absence_leaves_runs_out(scheduled: Any) -> None:
    """After a run long ago."""
    fields = {"start_date": '"2024-01-31"', **BERLIN}
    catching, leaping = scheduled(catchup="true", **fields), scheduled(catchup="false", **fields)
    last = catching.next_dagrun_info(last_automated_run_info=None)
    assert catching.next_dagrun_info(last_automated_run_info=last).run_after.day == 1
    assert leaping.next_dagrun_info(last_automated_run_info=last).run_after.year > 2024


def test_every_starts_runs_a_fixed_time_apart(scheduled: Any) -> None:
    """From the first day on."""
    dag = scheduled(schedule="{every: 90m}", start_date='"2024-01-31"')
    found = starts(dag, dag.start_date, datetime(2024, 1, 31, 4, tzinfo=UTC))
    assert [moment.strftime("%H:%M") for moment in found] == ["00:00", "01:30", "03:00"]
