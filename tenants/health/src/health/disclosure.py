"""Decide whether the records can be shown without showing a single person."""

from __future__ import annotations

import logging
from pathlib import Path

import pandas as pd

log = logging.getLogger(__name__)


def count_groups(file: str, smallest_group: str) -> str:
    """Write the size of each age group beside *file*; return the task to go on with, release or withhold."""
    groups = group_sizes(pd.read_csv(file))
    groups.to_csv(Path(file).with_name("groups.csv"), index=False)
    log.info("people of each age:\n%s", groups.to_string(index=False))
    return decision(groups, int(smallest_group))


def group_sizes(records: pd.DataFrame) -> pd.DataFrame:
    """Return the number of people of each age band."""
    return records.groupby("age_band").size().rename("people").reset_index()


def decision(groups: pd.DataFrame, smallest_group: int) -> str:
    """Return 'release' where each group has at least *smallest_group* people, else 'withhold'."""
    return "release" if (groups["people"] >= smallest_group).all() else "withhold"
