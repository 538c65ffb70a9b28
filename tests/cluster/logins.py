"""Logins to the Airflow of a cluster."""

from __future__ import annotations

import httpx
from aerodrome.kubernetes.desk import ClusterDesk


def login(airflow: ClusterDesk, user: str, password: str) -> httpx.Response:
    """Return what Airflow answers whoever says to be *user*."""
    body = {"username": user, "password": password}
    return httpx.post(f"http://{airflow.address}/auth/token", json=body, timeout=60, trust_env=False)


def bearer(airflow: ClusterDesk, user: str) -> dict[str, str]:
    """Return the header of requests of *user*, whose password the deploy has made."""
    token = login(airflow, user, airflow.known[user]).json()["access_token"]
    return {"Authorization": f"Bearer {token}"}
