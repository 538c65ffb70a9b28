"""Environments of kind kubernetes: the same targets as everywhere, on a cluster."""
