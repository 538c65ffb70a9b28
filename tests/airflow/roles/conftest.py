"""FAB's tables in a database of the test's own."""

from fab_tables import database, fab_template

__all__ = ["database", "fab_template"]
