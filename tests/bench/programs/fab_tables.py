"""Make FAB's tables in Airflow's database, with the roles that the arguments name."""

from __future__ import annotations

import sys

from airflow import settings
from airflow.providers.fab.auth_manager.models import Model, Role
from airflow.utils.session import create_session

Model.metadata.create_all(settings.get_engine())
with create_session() as session:
    session.add_all(Role(name=name) for name in sys.argv[1:])
