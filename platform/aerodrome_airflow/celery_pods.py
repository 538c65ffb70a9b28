"""Celery's configuration for workers that are pods: Airflow's own, with a file that shows that they live."""

from __future__ import annotations

from typing import Any

from airflow.providers.celery.executors.default_celery import DEFAULT_CELERY_CONFIG

from aerodrome_airflow import signs_of_life

signs_of_life.install()

CELERY_CONFIG: dict[str, Any] = {**DEFAULT_CELERY_CONFIG}
