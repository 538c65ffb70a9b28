"""Results of tasks that are too large for the database: in an object store, below the prefix of their tenant."""
