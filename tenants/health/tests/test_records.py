"""What leaves the tenant names nobody."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from health.disclosure import count_groups, decision
from health.records import PATIENTS, fit_to_study, pseudonymise, read_personal_records

KEY = "a key of the tests alone"


def test_this_tenant_runs_its_own_pandas() -> None:
    """Another tenant of the same deployment runs pandas 2."""
    assert pd.__version__ == "1.5.3"


def test_no_name_and_no_address_is_left() -> None:
    """None of them is a value of the result, in any column."""
    people = read_personal_records()
    values = set(fit_to_study(people, KEY).astype(str).to_numpy().ravel())
    for column in ("name", "address", "email"):
        assert not values & set(people[column].dropna())


def test_every_patient_is_kept_once() -> None:
    """One row for each of them; namesakes share a pseudonym."""
    patients = read_personal_records()
    released = fit_to_study(patients, KEY)
    assert len(released) == len(patients) == PATIENTS
    assert released["pseudonym"].nunique() == patients["name"].nunique()


def test_a_run_writes_records_and_group_sizes(tmp_path: Path) -> None:
    """The groups of a run add up to all its records."""
    file = pseudonymise(str(tmp_path), {"pseudonym_key": KEY})
    assert count_groups(file, "3") == "release"
    assert pd.read_csv(tmp_path / "groups.csv")["people"].sum() == PATIENTS


def test_a_group_of_one_is_withheld() -> None:
    """The smallest group decides."""
    groups = pd.DataFrame({"age_band": ["18 to 29", "60 and over"], "people": [12, 1]})
    assert decision(groups, 3) == "withhold"
