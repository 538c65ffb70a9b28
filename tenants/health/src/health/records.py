"""Read the personal records and write what may be studied of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from faker import Faker

from health.pseudonyms import pseudonym

BANDS = (0, 18, 30, 45, 60, 120)
LABELS = ("under 18", "18 to 29", "30 to 44", "45 to 59", "60 and over")
DEPARTMENTS = ("cardiology", "dermatology", "orthopaedics", "paediatrics")
PATIENTS = 2000


def pseudonymise(folder: str, variables: Mapping[str, str]) -> str:
    """Write records.csv below *folder* and return its path."""
    target = Path(folder) / "records.csv"
    complete = Path(folder) / ".records.csv"
    fit_to_study(read_personal_records(), variables["pseudonym_key"]).to_csv(complete, index=False)
    complete.replace(target)
    return str(target)


def read_personal_records() -> pd.DataFrame:
    """Return one row for each patient, with name, address and e-mail address; the same people every time.

    Nobody of them exists: they are drawn from the lists of names and streets that the package faker ships.
    """
    people = Faker("en_GB")
    people.seed_instance(2013)
    return pd.DataFrame([_patient(people) for _ in range(PATIENTS)])


def _patient(people: Faker) -> dict[str, object]:
    return {
        "name": people.name(),
        "address": people.address(),
        "email": people.email(),
        "age": people.random_int(0, 95),
        "admitted": people.date_between_dates(
            pd.Timestamp(2025, 1, 1), pd.Timestamp(2025, 12, 31)
        ).isoformat(),
        "city": people.random_element(("Bath", "Leeds", "York")),
        "department": people.random_element(DEPARTMENTS),
    }


def fit_to_study(patients: pd.DataFrame, key: str) -> pd.DataFrame:
    """Return the records without names and addresses: a pseudonym, an age band, a month."""
    return pd.DataFrame(
        {
            "pseudonym": patients["name"].map(lambda name: pseudonym(name, key)),
            "age_band": pd.cut(patients["age"], BANDS, right=False, labels=LABELS),
            "month": patients["admitted"].str.slice(0, 7),
            "city": patients["city"],
            "department": patients["department"],
        }
    ).sort_values("pseudonym")
