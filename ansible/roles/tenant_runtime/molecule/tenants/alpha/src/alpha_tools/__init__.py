"""A package of a tenant."""
