"""What tests with Airflow share: a real PostgreSQL."""

from postgres_server import postgres

__all__ = ["postgres"]
