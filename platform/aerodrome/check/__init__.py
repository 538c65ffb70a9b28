"""Import every rendered DAG as Airflow will, in a child process that may hang or crash without harm."""

from aerodrome.check.rendered import BundleFile, check_rendered

__all__ = ["BundleFile", "check_rendered"]
