"""Airflow cluster policy: the same rules that `make check` runs."""
